import t from 'tap'
import { SingleFlight } from '../../src/kernel/single-flight.ts'

t.test('who asks while a call is under way joins it', async t => {
  const flight = new SingleFlight<number>()
  let calls = 0
  const work = async () => ++calls
  t.strictSame(await Promise.all([flight.run(work), flight.run(work), flight.run(work)]), [1, 1, 1])
  t.equal(calls, 1)
})

t.test('who asks after a call ended starts the next one', async t => {
  const flight = new SingleFlight<number>()
  let calls = 0
  t.equal(await flight.run(async () => ++calls), 1)
  t.equal(await flight.run(async () => ++calls), 2)
})

t.test('a call that fails does so for all who joined, and the next one starts afresh', async t => {
  const flight = new SingleFlight<number>()
  const failing = () => Promise.reject(new Error('no'))
  const both = [flight.run(failing), flight.run(async () => 1)]
  for (const outcome of await Promise.allSettled(both)) t.match(outcome, { status: 'rejected', reason: /no/ })
  t.equal(await flight.run(async () => 2), 2)
})
