import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { devNull } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readLastingFile, readTextFile } from '../../src/config/sources/text-file.ts'
import { newFolder } from '../support/folder.ts'
import { faultsOf, yaml } from './support.ts'

const posix = { skip: process.platform === 'win32' && 'there are no pipes with names' }

/** A user that cannot read our files. */
const NOBODY = 65_534

function fifo(t: Test): string {
  const path = join(newFolder(t), 'fifo')
  execFileSync('mkfifo', [path])
  return path
}

/** Works as a user without privileges, because root can read everything. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const user = process.geteuid?.()
  if (user !== 0) return work()
  process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    process.seteuid?.(user)
  }
}

t.test('a file is read anew on each call, also through links', async t => {
  const dir = t.testdir({ file: '\uFEFF a text\n', link: t.fixture('symlink', 'file') })
  t.equal(await readLastingFile(join(dir, 'file')), ' a text\n')
  t.equal(await readLastingFile(join(dir, 'link'), new AbortController().signal), ' a text\n')
})

t.test('anything but a regular file is refused', async t => {
  const dir = t.testdir({ file: '', loop: t.fixture('symlink', 'loop') })
  const rows = {
    [join(dir, 'none')]: 'does not exist',
    [join(dir, 'file', 'none')]: 'does not exist',
    [join(dir, 'loop')]: 'cannot be read (ELOOP)',
    [dir]: 'is a directory',
    [devNull]: 'is not a regular file',
  }
  for (const [path, problem] of Object.entries(rows)) {
    const refusal = { name: 'InvalidValue', problem, cure: 'name a file that this user can read' }
    await t.rejects(readLastingFile(path), refusal, path)
  }
})

t.test('a file that this user cannot read is refused', posix, async t => {
  const path = join(t.testdir({ file: 'a text' }), 'file')
  chmodSync(path, 0)
  await asNobody(() => t.rejects(readLastingFile(path), { message: 'cannot be read (permission denied)' }))
})

t.test('a pipe is refused instead of waited for', posix, async t => {
  const path = fifo(t)
  await t.rejects(readLastingFile(path), { message: 'is not a regular file' })
  const rows = {
    accessKeyIdFile: `accessKeyIdFile: ${path}, secretKey: a-key`,
    secretKeyFile: `accessKeyId: an-id, secretKeyFile: ${path}`,
    credentialsFile: `credentialsFile: ${path}`,
  }
  for (const [key, given] of Object.entries(rows)) {
    const file = yaml(t, `tenants: {a: {url: app2, ${given}}}`)
    const problem = `"${path}" is not a regular file`
    t.match(await faultsOf({ args: ['--config', file], env: {} }), [{ key: `tenants.a.${key}`, problem }])
  }
})

t.test('reading that is aborted rejects with the reason of the signal', async t => {
  const path = join(t.testdir({ file: 'a text' }), 'file')
  const ending = new AbortController()
  for (const read of [readTextFile, readLastingFile]) {
    await t.rejects(read(path, AbortSignal.abort(new RangeError('ended before'))), new RangeError('ended before'))
  }
  const reading = readTextFile(path, ending.signal)
  ending.abort(new RangeError('ended meanwhile'))
  await t.rejects(reading, new RangeError('ended meanwhile'))
})

t.test('a file that SIGHUP reads again cannot be a pipe', { timeout: 5000 }, async t => {
  const fifo = join(t.testdir(), 'fifo')
  execFileSync('mkfifo', [fifo])
  for (const flag of ['--upstream-ca-file', '--listen-client-token-file'])
    t.match(await faultsOf({ args: [flag, fifo] }), [{ problem: /is not a regular file/ }], flag)
})

t.test('a file in UTF-16, as Windows PowerShell writes it, can be read', async t => {
  const folder = t.testdir({ wide: Buffer.from('\uFEFFa tëxt\r\n', 'utf16le') })
  t.equal(await readTextFile(join(folder, 'wide')), 'a tëxt\r\n')
})
