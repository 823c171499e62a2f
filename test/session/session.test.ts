import t from 'tap'
import { CredentialsError } from '../../src/config/fault.ts'
import { Mutex } from '../../src/kernel/mutex.ts'
import { Session } from '../../src/session/session.ts'
import { settle, testClock } from '../support/clock.ts'
import { API, EXTENSION, LIFETIME, offered, rig, SECONDS_LEFT } from './rig.ts'

t.test('there is no call before the first request', async t => {
  const { session, calls, clock } = rig(t)
  await clock.advance(LIFETIME)
  t.equal(session.peek(), undefined)
  t.strictSame(calls, [])
  t.equal(session.status().state, 'idle')
})

t.test('the first request logs in with the access key and waits for the token', async t => {
  const { session, grant, calls } = rig(t)
  t.equal(await offered(session), 'waiting')
  t.equal(session.status().state, 'authenticating')
  const lease = session.acquire()
  await grant()
  t.equal((await lease).token.reveal(), 'MARK-1')
  t.equal((await lease).generation, 1)
  t.match(calls, [{ call: 'login', secret: 'MARK-key' }])
  t.equal(session.status().state, 'ready')
})

t.test('one login serves all waiting requests', async t => {
  const { session, grant, made } = rig(t)
  const all = Array.from({ length: 50 }, () => session.acquire())
  await grant()
  t.strictSame(new Set((await Promise.all(all)).map(({ token }) => token.reveal())), new Set(['MARK-1']))
  t.strictSame(made(), ['login'])
})

t.test('a live token is handed out at once, without a call', async t => {
  const { session, start, made } = rig(t)
  const first = await start()
  t.equal(await session.acquire(), first)
  t.equal(session.peek(), first)
  t.strictSame(made(), ['login'])
})

t.test('a token is extended three minutes before it expires, minus the jitter, again and again', async t => {
  const { session, start, grant, clock, calls } = rig(t)
  await start()
  for (const generation of [1, 2, 3]) {
    await clock.advance(EXTENSION - 1)
    t.equal(calls.length, generation)
    await clock.advance(1)
    t.match(calls[generation], { call: 'extend', secret: `MARK-${generation}` })
    t.equal(await offered(session), `MARK-${generation}`, 'the old token is used meanwhile')
    await grant()
    t.equal(await offered(session), `MARK-${generation + 1}`)
  }
})

t.test('a short-lived token is extended after half its lifetime, minus the jitter', async t => {
  const { start, clock, made } = rig(t)
  await start(60_000)
  await clock.advance(26_999)
  t.strictSame(made(), ['login'])
  await clock.advance(1)
  t.strictSame(made(), ['login', 'extend'])
})

t.test('each jitter is between 0 and 10 % of the lifetime', async t => {
  for (const [random, delay] of [
    [0, 420_000],
    [0.999, 360_060],
  ] as const) {
    const { start, clock, calls } = rig(t, { random: () => random })
    await start()
    await clock.advance(delay - 1)
    t.equal(calls.length, 1)
    await clock.advance(1)
    t.equal(calls.length, 2)
  }
})

t.test('a refused extension is followed by a login at once, while the old token is used', async t => {
  const { session, start, grant, refuse, clock, made, told } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await refuse('refused')
  t.strictSame(made(), ['login', 'extend', 'login'])
  t.equal(await offered(session), 'MARK-1')
  await grant()
  t.equal(await offered(session), 'MARK-3')
  t.notMatch(told, ['backing-off'])
})

t.test('a token that was not extended in time is followed by a login', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(LIFETIME)
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login'])
  t.equal(await offered(session), 'MARK-3')
})

t.test('the lifetime of a token counts from the request, so a slow response does not prolong it', async t => {
  const { session, grant, clock } = rig(t)
  const lease = session.acquire()
  await settle()
  await clock.advance(20_000)
  await grant()
  await lease
  t.equal(session.status().secondsLeft, SECONDS_LEFT - 20)
})

t.test('an unreadable key causes no auth call, and is read again later', async t => {
  let readings = 0
  const read = async () => {
    readings++
    throw new CredentialsError('the file /run/key does not exist')
  }
  const { session, clock, told } = rig(t, { credentials: { origin: 'test', kind: 'fixed', read } })
  t.equal(await offered(session), 'waiting')
  t.match(session.status(), { state: 'backing-off', lastError: { reason: /does not exist/ } })
  t.strictSame(told, [
    'idle → authenticating: logging in',
    'authenticating → backing-off: the file /run/key does not exist',
  ])
  await clock.advance(250)
  t.equal(readings, 2)
})

t.test('any other error while renewing is a transient failure', async t => {
  const read = () => Promise.reject('no words')
  const { session } = rig(t, { credentials: { origin: 'test', kind: 'fixed', read } })
  t.equal(await offered(session), 'waiting')
  t.match(session.status(), { state: 'backing-off', lastError: { reason: 'no words' } })
})

t.test('random numbers default to Math.random, and events are optional', async t => {
  const [clock, issued] = [testClock(), { token: (await rig(t).start()).token, lifetime: LIFETIME }]
  const auth = { login: async () => issued, extend: async () => Promise.reject(new Error('gone')) }
  const read = async () => ({ accessKeyId: issued.token, secretKey: issued.token })
  const credentials = { origin: 'test', kind: 'fixed', read } as const
  const settings = () => ({ waitTimeout: 1, idleAfter: LIFETIME })
  const session = new Session({ auth, api: API, credentials, clock, mutex: new Mutex(), settings })
  t.teardown(() => session.close())
  t.equal((await session.acquire()).token, issued.token)
  await clock.advance(359_999)
  t.equal(session.status().state, 'ready')
  await clock.advance(60_001)
  t.equal(session.status().state, 'backing-off')
})
