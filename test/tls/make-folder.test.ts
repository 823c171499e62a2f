import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../../src/tls/make-folder.ts'
import { newFolder } from '../support/folder.ts'

t.test('a folder is made with its missing parents, unless it exists', async t => {
  const top = newFolder(t)
  const path = join(top, 'a', 'b', 'c')
  await makeFolder(path, 0o700)
  for (const made of [path, join(path, '..'), join(path, '..', '..')]) t.equal(statSync(made).mode & 0o777, 0o700)
  chmodSync(path, 0o755)
  await makeFolder(path, 0o700)
  t.equal(statSync(path).mode & 0o777, 0o755)
  mkdirSync(join(top, 'target'))
  symlinkSync(join(top, 'target'), join(top, 'link'))
  await makeFolder(join(top, 'link', 'd'), 0o700)
  t.ok(statSync(join(top, 'target', 'd')).isDirectory())
  await makeFolder('/', 0o700)
})

t.test('a folder that cannot be made rejects at once', async t => {
  const top = newFolder(t)
  writeFileSync(join(top, 'file'), '')
  symlinkSync(join(top, 'nowhere'), join(top, 'dangling'))
  const rows: [path: string, code: string][] = [
    [join(top, 'file'), 'EEXIST'],
    [join(top, 'file', 'x', 'y'), 'ENOTDIR'],
    [join(top, 'dangling', 'x'), 'EEXIST'],
  ]
  if (process.platform === 'linux') rows.push(['/proc/nope/x/y', 'ENOENT'], ['/dev/null/x', 'ENOTDIR'])
  for (const [path, code] of rows) await t.rejects(makeFolder(path, 0o700), { code }, path)
})
