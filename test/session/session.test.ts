import t from 'tap'
import { CredentialsError } from '../../src/config/fault.ts'
import { Mutex } from '../../src/kernel/mutex.ts'
import { Session } from '../../src/session/session.ts'
import { settle, testClock } from '../support/clock.ts'
import { API, EXTENSION, LIFETIME, offered, rig, SECONDS_LEFT } from './rig.ts'

t.test('nothing is asked for until the first request', async t => {
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

t.test('however many requests wait, one login is made, and all get its token', async t => {
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

t.test('a token is extended three minutes before its end, less the jitter, and again and again', async t => {
  const { session, start, grant, clock, calls } = rig(t)
  await start()
  for (const generation of [1, 2, 3]) {
    await clock.advance(EXTENSION - 1)
    t.equal(calls.length, generation)
    await clock.advance(1)
    t.match(calls[generation], { call: 'extend', secret: `MARK-${generation}` })
    t.equal(await offered(session), `MARK-${generation}`, 'the old token serves meanwhile')
    await grant()
    t.equal(await offered(session), `MARK-${generation + 1}`)
  }
})

t.test('a short-lived token is extended after half its life, less the jitter', async t => {
  const { start, clock, made } = rig(t)
  await start(60_000)
  await clock.advance(26_999)
  t.strictSame(made(), ['login'])
  await clock.advance(1)
  t.strictSame(made(), ['login', 'extend'])
})

t.test('the jitter is drawn anew from 0 to a tenth of the life', async t => {
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

t.test('an extension that is refused is followed by a login at once, while the old token serves', async t => {
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

t.test('a token that nobody extended in time is followed by a login', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(LIFETIME)
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login'])
  t.equal(await offered(session), 'MARK-3')
})

t.test('the life of a token counts from when it was asked for, so that a slow answer makes it no longer', async t => {
  const { session, grant, clock } = rig(t)
  const lease = session.acquire()
  await settle()
  await clock.advance(20_000)
  await grant()
  await lease
  t.equal(session.status().secondsLeft, SECONDS_LEFT - 20)
})

t.test('a key that cannot be read is no auth call, and is read again later', async t => {
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

t.test('whatever else is thrown on the way to a token may mend itself', async t => {
  const read = () => Promise.reject('no words')
  const { session } = rig(t, { credentials: { origin: 'test', kind: 'fixed', read } })
  t.equal(await offered(session), 'waiting')
  t.match(session.status(), { state: 'backing-off', lastError: { reason: 'no words' } })
})

t.test('chance comes from the machine and events go nowhere unless told otherwise', async t => {
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
