import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openAuthority, replaceAuthority } from '../../src/tls/authority-file.ts'

const now = Date.now()
const DAY = 24 * 60 * 60_000

const folderOf = (t: Test) => join(t.testdir(), 'state', 'prismacloud-proxy')
const modeOf = (...path: string[]) => statSync(join(...path)).mode & 0o777

t.test('the local CA is made once, and only its owner may read the key', async t => {
  const folder = folderOf(t)
  const made = await openAuthority(folder, now)
  t.equal(made.rootFile, join(folder, 'ca.pem'))
  t.strictSame(readdirSync(folder).sort(), ['ca-key.pem', 'ca.pem'], 'nothing else is left')
  t.strictSame([modeOf(folder), modeOf(folder, 'ca-key.pem')], [0o700, 0o600])
  t.equal(readFileSync(made.rootFile, 'utf8'), made.root)
  t.notMatch(made.root, /PRIVATE/)
  t.equal((await openAuthority(folder, now)).cert, made.cert)
})

t.test('concurrent callers get the same new CA', async t => {
  const folder = folderOf(t)
  const opened = await Promise.all(Array.from({ length: 10 }, () => openAuthority(folder, now)))
  t.equal(new Set(opened.map(({ cert }) => cert)).size, 1)
  t.strictSame(readdirSync(folder).sort(), ['ca-key.pem', 'ca.pem'])
})

t.test('replaceAuthority() replaces the CA', async t => {
  const folder = folderOf(t)
  const first = await openAuthority(folder, now)
  const second = await replaceAuthority(folder, now)
  t.not(second.root, first.root)
  t.equal((await openAuthority(folder, now)).cert, second.cert)
  t.equal(readFileSync(second.rootFile, 'utf8'), second.root)
  t.equal(modeOf(folder, 'ca-key.pem'), 0o600)
})

t.test('a CA that expires soon is refused, because clients must trust its successor', async t => {
  const folder = folderOf(t)
  const { cert } = await openAuthority(folder, now)
  await t.rejects(openAuthority(folder, now + 3600 * DAY), {
    name: 'TlsError',
    message: `the local CA in ${folder} expires soon: run prismacloud-proxy ca rotate`,
  })
  t.equal((await openAuthority(folder, now)).cert, cert)
})

t.test('the file for clients is restored', async t => {
  const folder = folderOf(t)
  const { root, rootFile } = await openAuthority(folder, now)
  writeFileSync(rootFile, 'something else')
  await openAuthority(folder, now)
  t.equal(readFileSync(rootFile, 'utf8'), root)
  unlinkSync(rootFile)
  await openAuthority(folder, now)
  t.equal(readFileSync(rootFile, 'utf8'), root)
})

t.test('a key that others can read, or an invalid one, is refused; it can be replaced', async t => {
  const folder = folderOf(t)
  await openAuthority(folder, now)
  const key = join(folder, 'ca-key.pem')
  chmodSync(key, 0o640)
  await t.rejects(openAuthority(folder, now), {
    name: 'TlsError',
    message: `other users can read ${key} and use the key: chmod 600 it, or run prismacloud-proxy ca rotate`,
  })
  chmodSync(key, 0o600)
  writeFileSync(key, 'nothing')
  await t.rejects(openAuthority(folder, now), {
    name: 'TlsError',
    message: 'does not contain the key and certificates of a CA: run prismacloud-proxy ca rotate',
  })
  const replaced = await replaceAuthority(folder, now)
  t.equal((await openAuthority(folder, now)).cert, replaced.cert)
})

t.test('an unusable folder is named, with what to do', async t => {
  const folder = join(t.testdir({ state: 'a file' }), 'state')
  const told = {
    name: 'TlsError',
    message: `cannot store the local CA in ${folder} (ENOTDIR): set XDG_STATE_HOME to`,
  }
  await t.rejects(openAuthority(folder, now), told)
  await t.rejects(replaceAuthority(folder, now), { ...told, message: /\((ENOTDIR|EEXIST)\)/ })
})

t.test('a failure to store the CA leaves no files behind', async t => {
  const folder = folderOf(t)
  mkdirSync(join(folder, 'ca-key.pem'), { recursive: true })
  await t.rejects(replaceAuthority(folder, now), { name: 'TlsError', message: /\(EISDIR\)/ })
  t.strictSame(readdirSync(folder), ['ca-key.pem'])
})

t.test('a dangling symbolic link is reported', async t => {
  const folder = folderOf(t)
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(folder, 'nothing'), join(folder, 'ca-key.pem'))
  await t.rejects(openAuthority(folder, now), {
    name: 'TlsError',
    message: /ca-key\.pem is a dangling symbolic link: remove it$/,
  })
})

t.test('a folder in which others could have put their own CA is refused', async t => {
  const folder = folderOf(t)
  await openAuthority(folder, now)
  const refused = async (message: RegExp) => {
    for (const action of [openAuthority, replaceAuthority])
      await t.rejects(action(folder, now), { name: 'TlsError', message })
  }
  for (const mode of [0o770, 0o707, 0o1777]) {
    chmodSync(folder, mode)
    await refused(/^cannot use the local CA in .*: other users can write to it; chmod 700 it$/)
  }
  chmodSync(folder, 0o755)
  await openAuthority(folder, now)
  if (process.geteuid?.() === 0) {
    chownSync(folder, 12345, 12345)
    await refused(/belongs to another user/)
    chownSync(folder, 0, 0)
    chownSync(join(folder, 'ca-key.pem'), 12345, 12345)
    await t.rejects(openAuthority(folder, now), { name: 'TlsError', message: /^other users can read .*ca-key\.pem/ })
  }
  renameSync(folder, `${folder}.moved`)
  symlinkSync(`${folder}.moved`, folder)
  await refused(/is a symbolic link, which may lead elsewhere/)
})
