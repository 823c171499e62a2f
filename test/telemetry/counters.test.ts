import t from 'tap'
import { OPERATIONS } from '../../src/operations/operations.ts'
import { CounterRows } from '../../src/telemetry/metrics/counter-rows.ts'
import { Tally } from '../../src/telemetry/metrics/counters.ts'
import type { Sample } from '../../src/telemetry/metrics/exposition.ts'
import { testClock } from '../support/clock.ts'

/** How many operations are named, over all tenants. */
const MOST_NAMED = 2_000

t.test('with very many tenants, further operations are counted as other', t => {
  const rows = new CounterRows(testClock())
  const operations = [...new Map(OPERATIONS.all().map(each => [each.template, each])).values()].slice(0, 100)
  const tallies = Array.from({ length: 25 }, (_, at) => new Tally(`${at}`, rows))
  const ended = (tally: Tally, operation: unknown) =>
    tally.ended({ method: 'GET', operation, client: null, trace: null, spent: { upstream: 1 } } as never, 200, 1)
  for (const tally of tallies) for (const operation of operations) ended(tally, operation)
  const [first, last] = [tallies[0], tallies[24]] as [Tally, Tally]
  ended(first, operations[0])
  const shown = (tally: Tally) => [...tally.requests()].map(({ labels, value }) => [labels.operation, value])
  t.equal(shown(first).length, 100)
  t.same(shown(first)[0], [operations[0]?.template, 2], 'an operation that has a name keeps it')
  t.same(shown(last), [['other', 100]])
  t.equal(tallies.flatMap(shown).length, MOST_NAMED + 5)
  t.equal(last.counts.requests, 100)
  t.end()
})

t.test('a bucket has the trace of the latest sampled request that it counts', async t => {
  const clock = testClock()
  const tally = new Tally('a', new CounterRows(clock))
  const ended = (seconds: number, traceId: string, isSampled = true) => {
    const trace = { traceId, spanId: 'of it', isSampled }
    tally.ended({ method: 'GET', client: null, trace, spent: { upstream: 1 } } as never, 200, seconds)
  }
  ended(0.2, 'first')
  ended(0.21, 'second')
  const at = clock.now() / 1000
  await clock.advance(1000)
  ended(0.22, 'not sampled', false)
  ended(99, 'slow')
  const exemplars = (samples: Iterable<Sample>) =>
    [...samples].flatMap(({ part }) => (typeof part === 'object' && part.exemplar ? [[part.le, part.exemplar]] : []))
  t.strictSame(exemplars(tally.duration()), [
    ['0.25', { traceId: 'second', spanId: 'of it', value: 0.21, at }],
    ['+Inf', { traceId: 'slow', spanId: 'of it', value: 99, at: clock.now() / 1000 }],
  ])
  t.strictSame(exemplars(tally.upstream()), [])
})
