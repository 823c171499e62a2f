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
  t.test(`"${typed}" was ${meant ? `meant to be ${meant}` : 'meant to be none of them'}`, async t => {
    t.equal(nearest(typed, candidates), meant)
  })
}

t.test('of two that are equally near the first is named', async t => {
  t.equal(nearest('app5', ['app2', 'app3']), 'app2')
})

t.test('more than three slips are no slip', async t => {
  t.equal(nearest('abcdefghij', ['abcdefgxyz']), 'abcdefgxyz')
  t.equal(nearest('abcdefghij', ['abcdefwxyz']), undefined)
})
