import t from 'tap'
import { EXTENSION, LIFETIME, offered, rig } from './rig.ts'

const MINUTE = 60_000

t.test('a token that the upstream refused is not handed out again, and a login is made at once', async t => {
  const { session, start, grant, made, clock } = rig(t)
  const lease = await start()
  t.equal(session.invalidate(lease, false), true)
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
  t.equal(clock.pending, 1, 'one extension is due, not two')
})

for (const doubt of [false, true]) {
  t.test(`a burst of 401s ${doubt ? 'without a reason' : 'that name the token'} costs one login`, async t => {
    const { session, start, grant, made } = rig(t)
    const lease = await start()
    for (let n = 0; n < 20; n++) t.equal(session.invalidate(lease, doubt), true)
    await grant()
    for (let n = 0; n < 20; n++) t.equal(session.invalidate(lease, doubt), true, 'those that come late')
    t.equal(await offered(session), 'MARK-2')
    t.strictSame(made(), ['login', 'login'])
  })
}

t.test('a 401 for an older token than the current one changes nothing', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const old = await start()
  await clock.advance(EXTENSION)
  await grant()
  t.equal(session.invalidate(old, false), true, 'but the request is worth sending again')
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'extend'])
})

t.test('a token may be refused as often as the upstream likes', async t => {
  const { session, start, grant, made } = rig(t)
  session.invalidate(await start(), false)
  await grant()
  t.equal(session.invalidate(await session.acquire(), false), true)
  await grant()
  t.equal(await offered(session), 'MARK-3')
  t.equal(made().length, 3)
})

t.test('a doubt costs at most one login a minute; the request is then not worth sending again', async t => {
  const { session, start, grant, clock, made } = rig(t)
  t.equal(session.invalidate(await start(), true), true)
  await grant()
  await clock.advance(MINUTE - 1)
  const second = await session.acquire()
  t.equal(session.invalidate(second, true), false)
  t.equal(session.peek(), second, 'the token stays in use')
  await clock.advance(1)
  t.equal(session.invalidate(second, true), true)
  await grant()
  t.strictSame(made(), ['login', 'login', 'login'])
})

t.test('a doubt does not keep a token from being refused by name', async t => {
  const { session, start, refuse } = rig(t)
  const lease = await start()
  session.invalidate(lease, true)
  t.equal(session.invalidate(lease, false), true)
  await refuse('transient')
  t.equal(session.peek(), undefined, 'now it does not come back')
  t.equal(await offered(session), 'waiting')
})

for (const nature of ['transient', 'rejected'] as const) {
  t.test(`a token in doubt comes back into use when the login is ${nature}, and serves who waits`, async t => {
    const { session, start, refuse, clock, made } = rig(t)
    const lease = await start()
    session.invalidate(lease, true)
    const waiting = session.acquire()
    await refuse(nature, { retryAfter: LIFETIME })
    t.equal(await waiting, lease)
    t.equal(session.peek(), lease)
    await clock.advance(MINUTE)
    t.equal(session.invalidate(lease, true), false, 'and no doubt touches it while no call may be made')
    t.equal(session.peek(), lease)
    t.strictSame(made(), ['login', 'login'])
  })
}

t.test('a token in doubt that has died by then does not come back', async t => {
  const { session, start, refuse, clock } = rig(t)
  session.invalidate(await start(), true)
  await clock.advance(LIFETIME)
  await refuse('transient', { retryAfter: LIFETIME })
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
})

t.test('a 401 during an extension waits for its outcome', async t => {
  for (const doubt of [false, true]) {
    const { session, start, grant, clock, made } = rig(t)
    const lease = await start()
    await clock.advance(EXTENSION)
    t.equal(session.invalidate(lease, doubt), true)
    t.equal(await offered(session), 'waiting')
    await grant()
    t.equal(await offered(session), 'MARK-2')
    t.strictSame(made(), ['login', 'extend'])
  }
})

t.test('a 401 while backing off waits for the next call, which is a login', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('transient')
  t.equal(session.invalidate(lease, false), true)
  t.equal(await offered(session), 'waiting')
  t.strictSame(made(), ['login', 'extend'])
  await clock.advance(250)
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login'])
})

t.test('a 401 while the credentials are rejected leaves nothing to hand out, and asks for nothing', async t => {
  const { session, start, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('rejected')
  t.equal(session.invalidate(lease, false), true)
  t.equal(await offered(session), 'credentials-rejected')
  t.strictSame(made(), ['login', 'extend'])
})
