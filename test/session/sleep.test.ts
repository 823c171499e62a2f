import t from 'tap'
import { settle } from '../support/clock.ts'
import { EXTENSION, LIFETIME, offered, rig, SECONDS_LEFT, USABLE } from './rig.ts'

const HOUR = 3_600_000

t.test('after the machine slept through its end, a token is not handed out, and a login is made', async t => {
  const { session, start, grant, clock, made } = rig(t)
  await start()
  clock.jump(HOUR)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
})

t.test('a token dies in sleep to the millisecond', async t => {
  const { session, start, clock } = rig(t)
  const lease = await start()
  clock.jump(USABLE - 1)
  t.equal(session.peek(), lease)
  clock.jump(1)
  t.equal(session.peek(), undefined)
})

t.test('sleep and waking time add up', async t => {
  const { session, start, clock } = rig(t)
  await start()
  await clock.advance(300_000)
  clock.jump(USABLE - 300_000)
  t.equal(session.peek(), undefined)
})

t.test(
  'after a sleep, looking is enough to have the session renewed, so that who asks for readiness finds it',
  async t => {
    const { session, start, grant, clock } = rig(t)
    await start()
    clock.jump(HOUR)
    t.equal(session.peek(), undefined)
    t.equal(session.peek(), undefined)
    await grant()
    t.equal(session.peek()?.token.reveal(), 'MARK-2')
  },
)

t.test('after a sleep without any request the extension that falls due is a login', async t => {
  const { start, grant, clock, made } = rig(t)
  await start()
  clock.jump(HOUR)
  await clock.advance(EXTENSION)
  await grant()
  t.strictSame(made(), ['login', 'login'])
})

t.test(
  'a token that was asked for before a sleep and arrived after it is not trusted, nor asked for in a loop',
  async t => {
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
  },
)

t.test('wall time set back makes no token live longer, and none shorter', async t => {
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

t.test('a call that fell due in a sleep is made as soon as somebody asks', async t => {
  const { session, grant, refuse, clock, made } = rig(t)
  session.start()
  await refuse('transient', { retryAfter: HOUR })
  clock.jump(HOUR - 1)
  t.equal(await offered(session), 'waiting')
  t.equal(made().length, 1)
  clock.jump(1)
  t.equal(await offered(session), 'waiting')
  t.equal(made().length, 2)
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.equal(clock.pending, 1, 'and not made again')
})
