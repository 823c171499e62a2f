import t from 'tap'
import { parseHeaders } from '../../src/page/logic/header-lines.ts'
import { withReading } from '../../src/page/logic/level-line.ts'
import { RowStore } from '../../src/page/logic/row-store.ts'
import { clientsAt } from '../../src/page/logic/running.ts'
import { trafficSeries } from '../../src/page/logic/series.ts'
import { partsOf } from '../../src/page/logic/timing.ts'
import { visibleRows } from '../../src/page/logic/visible-rows.ts'
import { makeRecord } from '../inspect/rig.ts'

t.test('rows keep their place, and the oldest go', async t => {
  const store = new RowStore()
  for (let number = 1; number <= 10_001; number++) store.put('run', makeRecord({ number, status: null }))
  store.put('run', makeRecord({ number: 5_000, status: 200 }))
  store.put('next', makeRecord({ number: 5_000 }))
  const rows = store.newestFirst()
  t.equal(rows.length, 10_000)
  t.equal(rows[0]?.key, 'next/5000', 'another run of the proxy counts anew')
  t.equal(rows.at(-1)?.number, 3)
  t.match(rows[5_002], { number: 5_000, status: 200 })
  store.clear()
  t.same(store.newestFirst(), [])
})

t.test('only the rows that can be seen are drawn', async t => {
  t.same(visibleRows(10_000, 32, 0, 640), { first: 0, end: 28 })
  t.same(visibleRows(10_000, 32, 3_200, 640), { first: 92, end: 128 })
  t.same(visibleRows(10, 32, 0, 640), { first: 0, end: 10 })
  t.same(visibleRows(5, 32, 9_999, 640), { first: 5, end: 5 }, 'scrolled beyond a list that has become short')
  t.same(visibleRows(0, 32, 0, 640), { first: 0, end: 0 })
})

t.test('where the time of a request went', async t => {
  const times = { session: 0, queue: 840, upstream: 10, firstByte: 851, total: 852 }
  t.same(partsOf(times), [
    ['queue', 840],
    ['upstream', 10],
    ['rest', 2],
  ])
  t.same(partsOf({ ...times, total: null }), [
    ['queue', 840],
    ['upstream', 10],
  ])
  t.same(partsOf({ ...times, total: 849 }).at(-1), ['upstream', 10], 'rounding leaves no negative rest')
})

t.test('headers that somebody types', async t => {
  t.same(parseHeaders('x-a: 1\n\n  \nX-B:2  \nx-c:'), [
    ['x-a', '1'],
    ['X-B', '2'],
    ['x-c', ''],
  ])
  t.throws(() => parseHeaders('x-a: 1\nno header'), { message: 'Not a header: "no header". Write it as Name: value' })
  t.throws(() => parseHeaders(': 1'), /Not a header/)
})

t.test('the traffic of an hour', async t => {
  const now = 3_600_000 * 100 + 15_000
  const slots = [
    { startedAt: now - 15_000 - 60_000, requests: 60, failed: 3, p50: 10, p95: 50 },
    { startedAt: now - 15_000, requests: 30, failed: 0, p50: 5, p95: 6 },
  ]
  const { times, rate, failed, p50, p95 } = trafficSeries(slots, now)
  t.equal(times.length, 120)
  t.equal(times.at(-1), 360_000)
  t.same(rate.slice(-3), [2, 0, 2], 'the last slot has lasted 15 s')
  t.same(failed.slice(-3), [0.1, 0, 0])
  t.same(p50.slice(-3), [10, null, 5])
  t.same(p95.slice(-3), [50, null, 6])
  t.same(
    trafficSeries([{ ...slots[0], startedAt: 360_000_000, requests: 7 } as never], 360_000_000).rate.at(-1),
    7,
    'a slot that has just begun',
  )
})

t.test('levels of ten minutes', async t => {
  const limit = { rate: 2, burst: 10, remaining: 4 }
  const counts = { waits: 0, waitSeconds: 0, refusals: 0 }
  const status = { tenant: 'eu', endpoint: 'GET /a', limit, waiting: 1, pause: 0, counts }
  const first = withReading({ times: [], endpoints: [] }, { waiting: 1, endpoints: [status] }, 1_000)
  t.same(first, { times: [1_000], endpoints: [{ tenant: 'eu', endpoint: 'GET /a', remaining: [4], waiting: [1] }] })
  const both = { waiting: 1, endpoints: [status, { ...status, endpoint: 'GET /b', limit: null }] }
  t.same(withReading(first, both, 2_000), {
    times: [1_000, 2_000],
    endpoints: [
      { tenant: 'eu', endpoint: 'GET /a', remaining: [4, 4], waiting: [1, 1] },
      { tenant: 'eu', endpoint: 'GET /b', remaining: [null, null], waiting: [null, 1] },
    ],
  })
  t.same(withReading(first, both, 601_001).times, [601_001], 'what is older is forgotten')
})

t.test('who has requests to an endpoint now', async t => {
  const running = { status: null, method: 'POST', operation: '/v2/alert', tenant: 'eu' }
  const rows = [
    { ...running, client: 'ci' },
    { ...running, client: 'boss' },
    { ...running, client: 'ci' },
    { ...running, client: null },
    { ...running, client: 'ci', status: 200 },
    { ...running, client: 'ci', tenant: 'us' },
    { ...running, client: 'ci', method: 'GET' },
  ].map((said, at) => ({ ...makeRecord(said), key: `${at}` }))
  t.same(clientsAt({ tenant: 'eu', endpoint: 'POST /v2/alert' }, rows), [
    ['ci', 2],
    ['boss', 1],
  ])
  t.same(clientsAt({ tenant: 'eu', endpoint: 'POST /v2/alert' }, []), [])
})
