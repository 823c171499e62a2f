import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { accessOfOthers } from '../../src/kernel/file-access.ts'

const NOTHING = { owned: false, readable: false, writable: false }

t.test('owner and mode say what other users may do with a file; root is ignored', async t => {
  const rows: [uid: number, mode: number, user: number, access: object][] = [
    [1, 0o600, 1, {}],
    [0, 0o600, 1, {}],
    [2, 0o600, 1, { owned: true }],
    [2, 0o600, 0, { owned: true }],
    [1, 0o640, 1, { readable: true }],
    [1, 0o604, 1, { readable: true }],
    [0, 0o640, 1, {}],
    [0, 0o604, 1, { readable: true }],
    [1, 0o620, 1, { writable: true }],
    [1, 0o602, 1, { writable: true }],
    [1, 0o711, 1, {}],
    [1, 0o777, 1, { readable: true, writable: true }],
  ]
  for (const [uid, mode, user, access] of rows)
    t.strictSame(accessOfOthers({ uid, mode }, user), { ...NOTHING, ...access }, `${uid} ${mode.toString(8)} ${user}`)
})

t.test('without user ids, as on Windows, nothing is reported', async t => {
  t.strictSame(accessOfOthers({ uid: 0, mode: 0o777 }, null), NOTHING)
})

t.test('the current user is recognized as the owner of a file', async t => {
  const file = join(t.testdir({ file: '' }), 'file')
  t.equal(accessOfOthers(statSync(file)).owned, false)
})
