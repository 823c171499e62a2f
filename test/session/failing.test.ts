import t from 'tap'
import { failureOf } from '../kernel/failure-of.ts'
import { EXTENSION, LIFETIME, offered, rig, USABLE, WAIT_TIMEOUT } from './rig.ts'

const PROBE = 600_000

t.test('a failed extension keeps the live token in use until it expires', async t => {
  const { session, start, refuse, clock } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { retryAfter: LIFETIME })
  t.equal(session.status().state, 'backing-off')
  t.equal(await offered(session), 'MARK-1')
  await clock.advance(USABLE - EXTENSION - 1)
  t.equal(await offered(session), 'MARK-1')
  await clock.advance(1)
  t.equal(await offered(session), 'waiting')
})

t.test('failed calls are retried with a backoff up to a minute, with full jitter', async t => {
  const { session, refuse, clock, calls } = rig(t)
  const waiting = failureOf(session.acquire())
  const halves = [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
  for (const [attempt, wait] of halves.entries()) {
    await refuse('transient')
    await clock.advance(wait - 1)
    t.equal(calls.length, attempt + 1)
    await clock.advance(1)
    t.equal(calls.length, attempt + 2)
  }
  t.match(await waiting, { type: 'session-unavailable' })
})

t.test('the jitter ranges from no wait to the whole of it', async t => {
  for (const [random, wait] of [
    [0, 1],
    [0.999, 500],
  ] as const) {
    const { session, refuse, clock, calls } = rig(t, { random: () => random })
    t.equal(await offered(session), 'waiting')
    await refuse('transient')
    await clock.advance(wait - 1)
    t.equal(calls.length, 1)
    await clock.advance(1)
    t.equal(calls.length, 2)
  }
})

t.test('a success resets the backoff', async t => {
  const { session, grant, refuse, clock, calls } = rig(t)
  t.equal(await offered(session), 'waiting')
  await refuse('transient')
  await clock.advance(250)
  await refuse('transient')
  await clock.advance(500)
  await grant()
  await clock.advance(EXTENSION)
  await refuse('transient')
  await clock.advance(250)
  t.equal(calls.length, 5)
})

t.test('a longer Retry-After of the auth service is obeyed', async t => {
  const { session, refuse, clock, calls } = rig(t)
  t.equal(await offered(session), 'waiting')
  await refuse('transient', { retryAfter: 45_000 })
  await clock.advance(44_999)
  t.equal(calls.length, 1)
  await clock.advance(1)
  t.equal(calls.length, 2)
})

t.test('a request that waits too long gets the reason, and when the next call is due', async t => {
  const { session, refuse, clock } = rig(t)
  const waiting = failureOf(session.acquire())
  await refuse('transient', { message: 'the vendor is down', retryAfter: 90_500 })
  await clock.advance(WAIT_TIMEOUT - 1)
  t.equal(clock.pending, 2, 'the request still waits, and so does the next call')
  await clock.advance(1)
  t.match(await waiting, {
    type: 'session-unavailable',
    status: 503,
    detail: 'No live session: the vendor is down',
    retryAfter: 61,
  })
})

t.test('after a lasting failure, waiting and later requests fail at once', async t => {
  const { session, refuse, clock, calls } = rig(t)
  const waiting = failureOf(session.acquire())
  await refuse('transient', { message: 'no such host', retryAfter: 30_000, lasting: true })
  const expected = { type: 'session-unavailable', detail: 'No live session: no such host', retryAfter: 30 }
  t.match(await waiting, expected)
  await clock.advance(20_000)
  t.match(await failureOf(session.acquire()), { ...expected, retryAfter: 10 })
  t.equal(calls.length, 1, 'a request causes no call')
})

t.test('a request during the next call waits for it, and goes on waiting if it fails otherwise', async t => {
  const { session, refuse, grant, clock } = rig(t)
  t.equal(await offered(session), 'waiting')
  await refuse('transient', { lasting: true })
  t.equal(await offered(session), 'session-unavailable')
  await clock.advance(250)
  const lease = session.acquire()
  await refuse('transient')
  t.equal(await offered(session), 'waiting')
  await clock.advance(500)
  await grant()
  t.equal((await lease).token.reveal(), 'MARK-3')
})

t.test('a live token serves requests despite lasting failures', async t => {
  const { session, start, refuse, clock } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { lasting: true, retryAfter: LIFETIME })
  t.equal(await offered(session), 'MARK-1')
  await clock.advance(USABLE - EXTENSION)
  t.equal(await offered(session), 'session-unavailable')
})

t.test('a request that waits too long for the first login is told so', async t => {
  const { session, clock } = rig(t)
  const waiting = failureOf(session.acquire())
  await clock.advance(WAIT_TIMEOUT)
  t.match(await waiting, { type: 'session-unavailable', detail: /the login is still in progress/, retryAfter: 1 })
})

t.test('a request that is aborted stops waiting; the login goes on for the others', async t => {
  const { session, grant } = rig(t)
  const controller = new AbortController()
  const [left, other] = [failureOf(session.acquire(controller.signal)), session.acquire()]
  controller.abort(new Error('left'))
  t.match(await left, { message: 'left' })
  await grant()
  t.equal((await other).generation, 1)
})

t.test('a request that waits through failures gets the first token', async t => {
  const { session, grant, refuse, clock, made } = rig(t)
  const lease = session.acquire()
  await refuse('transient')
  await clock.advance(250)
  await refuse('transient')
  await clock.advance(500)
  await grant()
  t.equal((await lease).token.reveal(), 'MARK-3')
  t.equal(session.status().state, 'ready')
  t.strictSame(made(), ['login', 'login', 'login'])
})

t.test('a rejected access key fails waiting and later requests at once', async t => {
  const { session, refuse } = rig(t)
  const waiting = failureOf(session.acquire())
  await refuse('rejected', { message: 'the key is disabled' })
  const expected = { type: 'credentials-rejected', status: 502, detail: 'the key is disabled' }
  t.match(await waiting, expected)
  t.match(await failureOf(session.acquire()), expected)
  t.equal(session.status().state, 'rejected')
})

t.test('a rejected access key is tried every ten minutes, however many requests come', async t => {
  const { session, refuse, clock, made } = rig(t)
  t.equal(await offered(session), 'waiting')
  await refuse('rejected')
  for (const probes of [1, 2, 3]) {
    await clock.advance(PROBE - 1)
    t.equal(await offered(session), 'credentials-rejected')
    t.equal(made().length, probes)
    await clock.advance(1)
    t.equal(made().length, probes + 1)
    await refuse('rejected')
  }
})

t.test('a successful retry ends the rejection, also for requests that came meanwhile', async t => {
  const { session, grant, refuse, clock } = rig(t)
  t.equal(await offered(session), 'waiting')
  await refuse('rejected')
  await clock.advance(PROBE)
  const lease = session.acquire()
  await grant()
  t.equal((await lease).token.reveal(), 'MARK-2')
  t.equal(session.status().state, 'ready')
  await clock.advance(EXTENSION)
  await grant()
  t.equal(await offered(session), 'MARK-3')
})

t.test('a live token stays in use until it expires if the access key is rejected', async t => {
  const { session, start, refuse, clock } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await refuse('refused')
  await refuse('rejected')
  t.equal(session.status().state, 'rejected')
  t.equal(await offered(session), 'MARK-1')
  await clock.advance(USABLE - EXTENSION)
  t.equal(await offered(session), 'credentials-rejected')
})
