import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { accessOfOthers } from '../../src/kernel/file-access.ts'

const NOTHING = { owned: false, readable: false, writable: false }

t.test('owner and mode tell what others may do with a file; root may anyway', async t => {
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

t.test('where there are no such users, as on Windows, nothing is said', async t => {
  t.strictSame(accessOfOthers({ uid: 0, mode: 0o777 }, null), NOTHING)
})

t.test('a file of this user’s own is known', async t => {
  const file = join(t.testdir({ file: '' }), 'file')
  t.equal(accessOfOthers(statSync(file)).owned, false)
})
