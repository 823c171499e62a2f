import t, { type Test } from 'tap'
import { PROBE, PROBE_KEY } from '../../src/fleet/probe.ts'
import { Store, StoreDown } from '../../src/fleet/store.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { settle, testClock } from '../support/clock.ts'
import { TestStore } from './rig.ts'

function setUp(t: Test, isThere = true) {
  const clock = testClock()
  const server = new TestStore(clock)
  if (!isThere) server.leave()
  const told: string[] = []
  const store = new Store({
    clock,
    connect: server.connect,
    explain: error => (error as Error).message,
    changed: (state, reason) => told.push(`${state}: ${reason}`),
    random: () => 0.5,
  })
  t.teardown(() => store.close())
  return { clock, server, store, told, run: () => store.run(PROBE, [PROBE_KEY], []) }
}

t.test('runs scripts once there is a connection', async t => {
  const { clock, store, told, run } = setUp(t)
  t.equal(store.state, 'connecting')
  t.ok(store.isWorthAsking, 'it is waited for')
  const answer = run()
  await clock.advance(5)
  t.equal(await answer, 1)
  t.equal(store.state, 'up')
  t.same(told, ['up: null'])
})

t.test('without a store, a member goes on alone at once', async t => {
  const { clock, store, told, run } = setUp(t, false)
  const failure = failureOf(run())
  await clock.advance(5)
  t.ok((await failure) instanceof StoreDown)
  t.equal(store.reason, 'connection refused')
  t.same(told, ['down: connection refused'])
})

t.test('nobody waits longer than a tenth of a second, and after that nobody waits', async t => {
  const { clock, server, told, run } = setUp(t)
  await clock.advance(5)
  server.behaviour = () => 'hangs'
  const failure = failureOf(run())
  await clock.advance(99)
  t.equal(await Promise.race([failure, settle().then(() => 'waiting')]), 'waiting')
  await clock.advance(3)
  await clock.advance(2)
  t.match(await failure, { name: 'StoreDown', message: 'no answer within 100 ms' })
  t.match(await failureOf(run()), { name: 'StoreDown', message: 'no answer within 100 ms' }, 'at once')
  t.same(told, ['up: null', 'down: no answer within 100 ms'])
})

t.test('an answer that is here counts, although this process was too busy to read it in time', async t => {
  const { clock, server, run } = setUp(t)
  await clock.advance(5)
  server.behaviour = () => ({ after: 50 })
  const answer = run()
  // both timers are due, that of the deadline and that of the answer
  await clock.advance(500)
  t.equal(await answer, 1)
})

t.test('it is tried until it is back, and then used again', async t => {
  const { clock, server, store, told, run } = setUp(t)
  await clock.advance(5)
  server.behaviour = () => 'refuses'
  t.match(await failureOf(run()), { message: 'OOM command not allowed' })
  for (let n = 0; n < 20; n++) await clock.advance(1000)
  t.equal(store.state, 'down')
  server.behaviour = () => 'good'
  for (let n = 0; n < 6; n++) await clock.advance(1000)
  t.equal(await run(), 1)
  t.equal(store.reason, null)
  t.same(told, ['up: null', 'down: OOM command not allowed', 'up: null'], 'each change is told once')
})

t.test('a store that fails again and again is tried ever more rarely, until it was up for long', async t => {
  const { clock, server, store, run } = setUp(t)
  await clock.advance(5)
  const timeDown = async () => {
    server.behaviour = () => 'refuses'
    await failureOf(run())
    server.behaviour = () => 'good'
    let ms = 0
    for (; store.state === 'down'; ms += 50) await clock.advance(50)
    return ms
  }
  const first = await timeDown()
  const waits = [await timeDown(), await timeDown(), await timeDown(), await timeDown()]
  t.ok(Math.max(...waits) > 3 * first, `${first} ms, then ${waits}`)
  await clock.advance(30_000)
  t.ok((await timeDown()) <= first + 50)
})

t.test('a lost connection is down at once, and up when it is back', async t => {
  const { clock, server, store, told } = setUp(t)
  await clock.advance(5)
  server.leave()
  t.equal(store.state, 'down')
  await clock.advance(60_000)
  t.equal(store.state, 'down')
  server.return()
  await settle()
  t.equal(store.state, 'up')
  t.same(told, ['up: null', 'down: connection refused', 'up: null'])
})

t.test('what fails because the connection was lost does not hide why that was', async t => {
  const { clock, server, store, told, run } = setUp(t)
  await clock.advance(5)
  server.behaviour = () => 'hangs'
  const failure = failureOf(run())
  server.leave()
  for (const ms of [150, 150]) await clock.advance(ms)
  t.match(await failure, { name: 'StoreDown', message: /^no answer/ })
  t.equal(store.reason, 'connection refused')
  t.same(told, ['up: null', 'down: connection refused'])
})

t.test('calls are counted by script and outcome', async t => {
  const { clock, server, store, run } = setUp(t)
  await clock.advance(5)
  await run()
  server.behaviour = () => ({ after: 30 })
  const slow = run()
  await clock.advance(31)
  await slow
  server.behaviour = () => 'refuses'
  await failureOf(run())
  const { ok, failed, buckets } = store.calls.all().get('probe') ?? {}
  t.same({ ok, failed, buckets }, { ok: 2, failed: 1, buckets: [2, 0, 0, 0, 0, 0, 1, 0] })
})

t.test('after close() nothing is asked and nothing is told', async t => {
  const { clock, store, told, run } = setUp(t)
  const waiting = failureOf(run())
  await store.close()
  t.ok((await waiting) instanceof StoreDown)
  await clock.advance(10_000)
  t.ok((await failureOf(run())) instanceof StoreDown)
  t.same(told, [])
})

t.test('what fails after close() is told to who asked, and to nobody else', async t => {
  const { clock, server, store, told, run } = setUp(t)
  await clock.advance(5)
  server.behaviour = () => 'hangs'
  const failure = failureOf(run())
  await store.close()
  await clock.advance(150)
  await clock.advance(50)
  t.ok((await failure) instanceof StoreDown)
  t.same(told, ['up: null'])
})
