import { existsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { makePrivateFolder, removePrivateFolder, temporaryFolders } from '../../src/commands/exec/private-folder.ts'
import { newFolder } from '../support/folder.ts'

t.test('there are several places for temporary files', async t => {
  t.strictSame(temporaryFolders({ env: {}, system: 'linux' }), [tmpdir(), '/dev/shm'])
  const env = { XDG_RUNTIME_DIR: '/run/user/1' }
  t.strictSame(temporaryFolders({ env, system: 'linux' }), [tmpdir(), '/run/user/1', '/dev/shm'])
  t.strictSame(temporaryFolders({ env, system: 'win32' }), [tmpdir()])
})

t.test('the first that can be written to has the folder, until it is removed', async t => {
  const place = newFolder(t)
  const folder = await makePrivateFolder(['/none/such', '/dev/null', place, '/'])
  t.equal(dirname(folder), place)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  writeFileSync(join(folder, 'file'), '')
  await removePrivateFolder(folder)
  t.notOk(existsSync(folder))
  await removePrivateFolder('/dev/null/x')
})

t.test('where there is none, that is told with all that was tried', async t => {
  await t.rejects(makePrivateFolder(['/none/such', '/dev/null']), {
    message:
      'cannot create a folder in /none/such (ENOENT) or /dev/null (ENOTDIR); set TMPDIR to a folder that you can write to',
  })
})
