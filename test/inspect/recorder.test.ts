import t from 'tap'
import { Recorder } from '../../src/inspect/recorder.ts'
import { Problem } from '../../src/problem/problem.ts'
import { testClock } from '../support/clock.ts'
import { makeExchange } from './rig.ts'

t.test('a request is there as soon as it begins, and complete when it ends', async t => {
  const recorder = new Recorder(testClock(), 10)
  const exchange = makeExchange('id-1')
  const record = recorder.begin(exchange, ['Accept', '*/*', 'Cookie', 'MARK', 'X-Redlock-Auth', 'MARK'])
  t.match([...recorder.latest()], [{ number: 1, id: 'id-1', status: null, times: { total: null, firstByte: null } }])
  exchange.tenant = 'eu'
  exchange.spent.queue = 7
  exchange.head = { headers: ['Set-Cookie', 'MARK', 'Server', 'x'], at: 1012 }
  exchange.failure = new Problem('upstream-timeout', 'It took too long')
  recorder.end(record, exchange, { status: 504, took: 20 })
  t.match(
    [...recorder.latest()],
    [
      {
        method: 'GET',
        target: '/v2/policy?x=1',
        tenant: 'eu',
        operation: 'other',
        status: 504,
        times: { queue: 7, firstByte: 12, total: 20 },
        problem: { type: 'upstream-timeout', detail: 'It took too long' },
        requestHeaders: [
          ['Accept', '*/*'],
          ['Cookie', '[secret]'],
          ['X-Redlock-Auth', '[secret]'],
        ],
        responseHeaders: [
          ['Set-Cookie', '[secret]'],
          ['Server', 'x'],
        ],
      },
    ],
  )
  t.notMatch(JSON.stringify([...recorder.latest()]), 'MARK')
})

t.test('only the latest are kept', async t => {
  const recorder = new Recorder(testClock(), 3)
  const ids = () => [...recorder.latest()].map(({ id }) => id)
  t.same(ids(), [])
  for (let n = 1; n <= 7; n++) {
    recorder.begin(makeExchange(`${n}`), [])
    t.same(ids(), [n, n - 1, n - 2].filter(each => each > 0).map(String))
  }
})

t.test('a record that is no longer kept can still be completed', async t => {
  const recorder = new Recorder(testClock(), 1)
  const old = recorder.begin(makeExchange('old'), [])
  recorder.begin(makeExchange('new'), [])
  recorder.end(old, makeExchange('old'), { status: 200, took: 1 })
  t.match([...recorder.latest()], [{ id: 'new', status: null }])
})

t.test('a long target is cut', async t => {
  const recorder = new Recorder(testClock(), 1)
  recorder.begin(makeExchange('id', `/${'x'.repeat(9_000)}`), [])
  t.equal([...recorder.latest()][0]?.target.length, 4_096)
})
