import t from 'tap'
import { EXTENSION, LIFETIME, offered, rig } from './rig.ts'

const MINUTE = 60_000

/** How the upstream refuses a token: naming it, or without a reason. */
const [NAMED, PLAIN] = [true, false]

t.test('a token that is refused by name is not handed out again, and a login is made at once', async t => {
  const { session, start, grant, made, clock } = rig(t)
  const lease = await start()
  t.equal(session.invalidate(lease, NAMED), true)
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
  t.equal(clock.pending, 1, 'one extension is due, not two')
})

t.test('a token that is refused without a reason is kept back until an extension shows what it is worth', async t => {
  const { session, start, grant, calls } = rig(t)
  t.equal(session.invalidate(await start(), PLAIN), true)
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.match(calls.slice(1), [{ call: 'extend', secret: 'MARK-1' }], 'no login was needed')
})

t.test('when the extension of a token in doubt is refused too, a login follows, and the token is dead', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  session.invalidate(await start(), PLAIN)
  await refuse('refused')
  await refuse('transient')
  t.equal(session.peek(), undefined, 'it does not come back')
  t.equal(await offered(session), 'waiting')
  await clock.advance(250)
  await grant()
  t.equal(await offered(session), 'MARK-4')
  t.strictSame(made(), ['login', 'extend', 'login', 'login'])
})

for (const named of [NAMED, PLAIN]) {
  t.test(`a burst of 401s ${named ? 'that name the token' : 'without a reason'} costs one call`, async t => {
    const { session, start, grant, made } = rig(t)
    const lease = await start()
    for (let n = 0; n < 20; n++) t.equal(session.invalidate(lease, named), true)
    await grant()
    for (let n = 0; n < 20; n++) t.equal(session.invalidate(lease, named), true, 'those that come late')
    t.equal(await offered(session), 'MARK-2')
    t.equal(made().length, 2)
  })
}

t.test('a 401 for an older token than the current one changes nothing', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const old = await start()
  await clock.advance(EXTENSION)
  await grant()
  t.equal(session.invalidate(old, NAMED), true, 'but the request is worth sending again')
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'extend'])
})

t.test('a 401 for a token that has died of age meanwhile is no news', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(LIFETIME - EXTENSION)
  t.equal(session.invalidate(lease, NAMED), true)
  await clock.advance(EXTENSION)
  await grant()
  t.equal(session.invalidate(await session.acquire(), NAMED), true, 'and does not count as a 401 in the last minute')
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login', 'login'])
})

t.test('calls that 401s cause are at least a minute apart', async t => {
  await t.test('without a reason, the 401 is the client’s and the token stays in use', async t => {
    const { session, start, grant, clock, made } = rig(t)
    session.invalidate(await start(), PLAIN)
    await grant()
    await clock.advance(MINUTE - 1)
    const second = await session.acquire()
    t.equal(session.invalidate(second, PLAIN), false)
    t.equal(session.peek(), second)
    await clock.advance(1)
    t.equal(session.invalidate(second, PLAIN), true)
    await grant()
    t.equal(made().length, 3)
  })

  await t.test('of a token that the upstream has served meanwhile, even if it is named', async t => {
    const { session, start, grant, made } = rig(t)
    session.invalidate(await start(), NAMED)
    await grant()
    const second = await session.acquire()
    second.isAccepted = true
    t.equal(session.invalidate(second, NAMED), false)
    t.equal(session.peek(), second)
    t.equal(made().length, 2)
  })

  await t.test('a token that nothing speaks for is not sent again, and the login waits for its time', async t => {
    const { session, start, grant, clock, made, told } = rig(t)
    const first = await start()
    session.invalidate(first, NAMED)
    await grant()
    await clock.advance(MINUTE / 2)
    first.isAccepted = true
    t.equal(session.invalidate(await session.acquire(), NAMED), true)
    t.equal(await offered(session), 'waiting')
    t.match(session.status(), { state: 'backing-off', lastError: { reason: /refused two tokens/ } })
    t.match(told.at(-1), 'ready → backing-off: the upstream refused two tokens within a minute')
    await clock.advance(MINUTE / 2 - 1)
    t.equal(made().length, 2)
    await clock.advance(1)
    await grant()
    t.strictSame(made(), ['login', 'login', 'login'])
    t.equal(session.invalidate(await session.acquire(), NAMED), true)
    t.equal(session.status().state, 'backing-off', 'and the next minute begins with it')
  })
})

t.test('a 401 during a call that is under way anyway puts the next one off by no more than its minute', async t => {
  const { session, start, grant, clock } = rig(t)
  session.invalidate(await start(60_000), NAMED)
  await grant(60_000)
  await clock.advance(30_000)
  t.equal(session.invalidate(await session.acquire(), NAMED), true, 'while it is extended')
  await grant()
  await clock.advance(30_000)
  t.equal(session.invalidate(await session.acquire(), NAMED), true)
  t.equal(session.status().state, 'authenticating')
})

t.test('a token that was revoked while it was extended is followed by a login at once', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const lease = await start()
  lease.isAccepted = true
  await clock.advance(EXTENSION)
  session.invalidate(lease, NAMED)
  await grant()
  t.equal(session.invalidate(await session.acquire(), NAMED), true, 'the extended one was revoked too')
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login'])
  t.equal(await offered(session), 'MARK-3')
})

t.test('a doubt does not keep a token from being refused by name', async t => {
  const { session, start, refuse } = rig(t)
  const lease = await start()
  session.invalidate(lease, PLAIN)
  t.equal(session.invalidate(lease, NAMED), true)
  await refuse('transient')
  t.equal(session.peek(), undefined, 'now it does not come back')
  t.equal(await offered(session), 'waiting')
})

t.test('a token in doubt comes back into use when the auth service cannot tell, and serves who waits', async t => {
  const { session, start, refuse, clock, made } = rig(t)
  const lease = await start()
  session.invalidate(lease, PLAIN)
  const waiting = session.acquire()
  await refuse('transient', { retryAfter: LIFETIME })
  t.equal(await waiting, lease)
  t.equal(session.peek(), lease)
  await clock.advance(MINUTE)
  t.equal(session.invalidate(lease, PLAIN), false, 'and no doubt touches it while no call may be made')
  t.equal(session.peek(), lease)
  t.strictSame(made(), ['login', 'extend'])
})

t.test('a token in doubt that has died by then does not come back', async t => {
  const { session, start, refuse, clock } = rig(t)
  session.invalidate(await start(), PLAIN)
  await clock.advance(LIFETIME)
  await refuse('transient', { retryAfter: LIFETIME })
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
})

t.test('a 401 during an extension waits for its outcome', async t => {
  for (const named of [NAMED, PLAIN]) {
    const { session, start, grant, clock, made } = rig(t)
    const lease = await start()
    await clock.advance(EXTENSION)
    t.equal(session.invalidate(lease, named), true)
    t.equal(await offered(session), 'waiting')
    await grant()
    t.equal(await offered(session), 'MARK-2')
    t.strictSame(made(), ['login', 'extend'])
  }
})

t.test('a token that the auth service would not extend does not outlive a 401 during the login', async t => {
  const { session, start, refuse, clock } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('refused')
  t.equal(session.peek(), lease, 'until then it serves')
  t.equal(session.invalidate(lease, PLAIN), true)
  await refuse('transient')
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
})

t.test('a 401 while backing off waits for the next call, which is a login', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('transient')
  t.equal(session.invalidate(lease, NAMED), true)
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
  await refuse('refused')
  await refuse('rejected')
  t.equal(session.invalidate(lease, NAMED), true)
  t.equal(await offered(session), 'credentials-rejected')
  t.strictSame(made(), ['login', 'extend', 'login'])
})
