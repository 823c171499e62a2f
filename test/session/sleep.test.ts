import t from 'tap'
import { settle } from '../support/clock.ts'
import { EXTENSION, LIFETIME, offered, rig, SECONDS_LEFT, USABLE } from './rig.ts'

const HOUR = 3_600_000

t.test('a token that expired during a sleep is not handed out, and a login follows', async t => {
  const { session, start, grant, clock, made } = rig(t)
  await start()
  clock.jump(HOUR)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
})

t.test('a token expires during a sleep to the millisecond', async t => {
  const { session, start, clock } = rig(t)
  const lease = await start()
  clock.jump(USABLE - 1)
  t.equal(session.peek(), lease)
  clock.jump(1)
  t.equal(session.peek(), undefined)
})

t.test('time asleep and awake add up', async t => {
  const { session, start, clock } = rig(t)
  await start()
  await clock.advance(300_000)
  clock.jump(USABLE - 300_000)
  t.equal(session.peek(), undefined)
})

t.test('after a sleep, peek() is enough to renew the session, so that readiness probes do', async t => {
  const { session, start, grant, clock } = rig(t)
  await start()
  clock.jump(HOUR)
  t.equal(session.peek(), undefined)
  t.equal(session.peek(), undefined)
  await grant()
  t.equal(session.peek()?.token.reveal(), 'MARK-2')
})

t.test('after a sleep without requests, the scheduled extension becomes a login', async t => {
  const { start, grant, clock, made } = rig(t)
  await start()
  clock.jump(HOUR)
  await clock.advance(EXTENSION)
  await grant()
  t.strictSame(made(), ['login', 'login'])
})

t.test('a token requested before a sleep that arrives after it is not used, nor requested in a loop', async t => {
  const { session, grant, clock, made } = rig(t)
  const lease = session.acquire()
  await settle()
  clock.jump(HOUR)
  await grant()
  t.match(session.status(), { state: 'backing-off', lastError: { reason: /expired before it arrived/ } })
  t.equal(made().length, 1)
  await clock.advance(250)
  await grant()
  t.equal((await lease).token.reveal(), 'MARK-2')
})

t.test('setting the wall clock back neither prolongs nor shortens a token', async t => {
  const { session, start, refuse, clock, made } = rig(t)
  const lease = await start()
  clock.jump(-HOUR)
  t.equal(session.peek(), lease)
  t.equal(session.status().secondsLeft, SECONDS_LEFT)
  await clock.advance(EXTENSION)
  t.strictSame(made(), ['login', 'extend'])
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(USABLE - EXTENSION - 1)
  t.equal(session.peek(), lease)
  await clock.advance(1)
  t.equal(session.peek(), undefined)
})

t.test('a call that was due during a sleep is made with the next request', async t => {
  const { session, grant, refuse, clock, made } = rig(t)
  session.renew()
  await refuse('transient', { retryAfter: HOUR })
  clock.jump(HOUR - 1)
  t.equal(await offered(session), 'waiting')
  t.equal(made().length, 1)
  clock.jump(1)
  t.equal(await offered(session), 'waiting')
  t.equal(made().length, 2)
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.equal(clock.pending, 1, 'and is not repeated')
})
