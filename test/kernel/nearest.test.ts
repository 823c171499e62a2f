import t from 'tap'
import { nearest } from '../../src/kernel/nearest.ts'

const candidates = ['listen.address', 'listen.tls', 'defaultTenant', 'app2']

const rows: [typed: string, meant: string | undefined][] = [
  ['listen.adress', 'listen.address'],
  ['LISTEN.ADDRESS', 'listen.address'],
  ['listen.tsl', 'listen.tls'],
  ['app3', 'app2'],
  ['defaultTenants', 'defaultTenant'],
  ['somethingElse', undefined],
  ['ap', undefined],
  ['', undefined],
]

for (const [typed, meant] of rows) {
  t.test(`"${typed}" ${meant ? `suggests ${meant}` : 'suggests nothing'}`, async t => {
    t.equal(nearest(typed, candidates), meant)
  })
}

t.test('of two equally close candidates the first is suggested', async t => {
  t.equal(nearest('app5', ['app2', 'app3']), 'app2')
})

t.test('more than three edits suggest nothing', async t => {
  t.equal(nearest('abcdefghij', ['abcdefgxyz']), 'abcdefgxyz')
  t.equal(nearest('abcdefghij', ['abcdefwxyz']), undefined)
})
