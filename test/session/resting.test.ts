import t from 'tap'
import { EXTENSION, LIFETIME, offered, rig, WAIT_TIMEOUT } from './rig.ts'

const MINUTE = 60_000
const settings = () => ({ waitTimeout: WAIT_TIMEOUT, idleAfter: 30 * MINUTE })

t.test('a session without requests for idleAfter becomes idle and is not extended', async t => {
  const { session, start, grant, clock, made, told } = rig(t, { settings })
  await start()
  for (let extension = 1; extension <= 4; extension++) {
    await clock.advance(EXTENSION)
    await grant()
  }
  t.equal(made().length, 5, 'until then it was extended')
  await clock.advance(EXTENSION)
  t.equal(made().length, 5)
  t.equal(told.at(-1), 'ready → idle: no request for 1950 s')
  t.match(session.status(), { state: 'idle', secondsLeft: 0, lastError: null })
  t.equal(clock.pending, 0)
})

t.test('each request restarts the idle time; peek() does not', async t => {
  const { session, start, grant, clock, made } = rig(t, { settings })
  await start()
  for (let extension = 1; extension <= 10; extension++) {
    await clock.advance(EXTENSION)
    await grant()
    await session.acquire()
  }
  for (let extension = 1; extension <= 4; extension++) {
    await clock.advance(EXTENSION)
    await grant()
    session.peek()
  }
  t.equal(made().length, 15)
  await clock.advance(EXTENSION)
  t.equal(made().length, 15)
})

t.test('the next request causes a login', async t => {
  const { session, start, grant, clock, made } = rig(t, { settings: () => ({ ...settings(), idleAfter: 0 }) })
  await start()
  await clock.advance(EXTENSION)
  t.equal(session.peek(), undefined)
  t.strictSame(made(), ['login'])
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
})

t.test('a session without a token does not become idle, so that it gets ready again', async t => {
  const { session, refuse, clock, made } = rig(t, { settings: () => ({ ...settings(), idleAfter: 0 }) })
  session.renew()
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(LIFETIME)
  t.equal(made().length, 2)
  t.equal(session.state, 'authenticating')
})
