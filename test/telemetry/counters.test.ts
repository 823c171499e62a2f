import t from 'tap'
import { OPERATIONS } from '../../src/operations/operations.ts'
import { CounterRows, Tally } from '../../src/telemetry/metrics/counters.ts'

/** How many operations are named, over all tenants. */
const MOST_NAMED = 2_000

t.test('with very many tenants, further operations are counted as other', t => {
  const rows = new CounterRows()
  const operations = [...new Map(OPERATIONS.all().map(each => [each.template, each])).values()].slice(0, 100)
  const tallies = Array.from({ length: 25 }, () => new Tally(rows))
  const ended = (tally: Tally, operation: unknown) =>
    tally.ended({ method: 'GET', operation, spent: { upstream: 1 } } as never, 200, 1)
  for (const tally of tallies) for (const operation of operations) ended(tally, operation)
  const [first, last] = [tallies[0], tallies[24]] as [Tally, Tally]
  ended(first, operations[0])
  const shown = (tally: Tally) => [...tally.requests('a')].map(({ labels, value }) => [labels.operation, value])
  t.equal(shown(first).length, 100)
  t.same(shown(first)[0], [operations[0]?.template, 2], 'an operation that has a name keeps it')
  t.same(shown(last), [['other', 100]])
  t.equal(tallies.flatMap(shown).length, MOST_NAMED + 5)
  t.equal(last.counts.requests, 100)
  t.end()
})
