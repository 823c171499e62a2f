import t from 'tap'
import type { Unauthorized } from '../../src/session/evidence.ts'
import { EARLY } from '../support/clock.ts'
import { EXTENSION, LIFETIME, NAMED, offered, PLAIN, rig } from './rig.ts'

const MINUTE = 60_000

/** How far apart calls are that 401s cause without grounds, at first. */
const PAUSE = 5_000

/** Another operation, refused without a reason. */
const OTHER: Unauthorized = { ...PLAIN, operation: 'default GET /cloud' }

t.test('a token that is refused by name is not handed out again, and a login is made at once', async t => {
  const { session, start, grant, made, clock } = rig(t)
  const lease = await start()
  t.ok(session.invalidate(lease, NAMED))
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
  t.equal(clock.pending, 1, 'one extension is due, not two')
})

t.test('a token that is refused without a reason is kept back until an extension shows what it is worth', async t => {
  const { session, start, grant, calls } = rig(t)
  t.ok(session.invalidate(await start(), PLAIN))
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

t.test('a token in doubt that is refused by name once more is waited for, where that proves nothing', async t => {
  const { session, start, grant } = rig(t)
  session.invalidate(await start(), NAMED)
  await grant()
  const lease = session.use()
  if (!lease) throw new Error('there is no new token')
  lease.served(OTHER.operation)
  t.ok(session.invalidate(lease, OTHER), 'it was served before')
  t.ok(session.invalidate(lease, { ...NAMED, again: true }))
  t.equal(await offered(session), 'waiting', 'the token is not dropped')
  await grant()
  t.equal(await offered(session), 'MARK-3')
})

for (const refusal of [NAMED, PLAIN]) {
  t.test(`a burst of 401s ${refusal.named ? 'that name the token' : 'without a reason'} costs one call`, async t => {
    const { session, start, grant, made } = rig(t)
    const lease = await start()
    for (let n = 0; n < 20; n++) t.ok(session.invalidate(lease, refusal))
    await grant()
    for (let n = 0; n < 20; n++) t.ok(session.invalidate(lease, refusal), 'those that come late')
    t.equal(await offered(session), 'MARK-2')
    t.equal(made().length, 2)
  })
}

t.test('a 401 for an older token than the current one changes nothing', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const old = await start()
  await clock.advance(EXTENSION)
  await grant()
  t.ok(session.invalidate(old, NAMED), 'but the request is worth sending again')
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'extend'])
})

t.test('a 401 for a token that has died of age meanwhile is no news', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(LIFETIME - EXTENSION)
  t.ok(session.invalidate(lease, NAMED))
  await clock.advance(EXTENSION)
  await grant()
  t.ok(session.invalidate(await session.acquire(), NAMED), 'and does not count as a 401 in the last minute')
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login', 'login'])
})

t.test('calls that 401s cause without grounds are further apart each time, up to a minute', async t => {
  const { session, start, grant, clock, made } = rig(t)
  await start()
  for (const pause of [5_000, 10_000, 20_000, 40_000, MINUTE, MINUTE]) {
    t.ok(session.invalidate(await session.acquire(), PLAIN))
    await grant()
    const next = await session.acquire()
    for (const time of [0, pause - 1]) {
      await clock.advance(time)
      t.notOk(session.invalidate(next, PLAIN), 'the 401 is the client’s')
      t.equal(session.peek(), next, 'and the token stays in use')
    }
    await clock.advance(1)
  }
  t.equal(made().length, 7)
})

t.test('a call that proves right leaves no pause before the next', async t => {
  const { session, start, grant, made } = rig(t)
  let lease = await start()
  for (let n = 0; n < 5; n++) {
    const retry = session.invalidate(lease, PLAIN)
    await grant()
    lease = await session.acquire()
    retry?.answered('good')
  }
  t.equal(made().length, 6)
})

t.test('an operation that the token has served before is believed, whatever others have cost', async t => {
  const { session, start, grant, made } = rig(t)
  session.invalidate(await start(), PLAIN)
  await grant()
  const lease = await session.acquire()
  t.notOk(session.invalidate(lease, PLAIN))
  lease.served(OTHER.operation)
  t.notOk(session.invalidate(lease, PLAIN))
  t.ok(session.invalidate(lease, OTHER))
  await grant()
  t.equal(made().length, 3)
})

t.test('a token that is named is believed to be dead at once, unless that was wrong a moment ago', async t => {
  const { session, start, grant, made } = rig(t)
  session.invalidate(await start(), NAMED)
  await grant()
  const lease = await session.acquire()
  lease.served('something else')
  t.notOk(session.invalidate(lease, NAMED))
  t.equal(session.peek(), lease, 'what has served stays in use')
  t.ok(session.invalidate(lease, { ...OTHER, named: true }))
  await grant()
  t.strictSame(made(), ['login', 'login', 'login'])
})

t.test('a token that nothing speaks for is not sent again, and the third login waits for its time', async t => {
  const { session, start, grant, clock, made, told } = rig(t)
  const first = await start()
  session.invalidate(first, NAMED)
  await grant()
  t.notOk(session.invalidate(await session.acquire(), { ...NAMED, again: true }), 'who has tried twice does not wait')
  t.ok(session.invalidate(await session.acquire(), NAMED), 'it may have been revoked on its way')
  await grant()
  first.served('something else')
  t.ok(session.invalidate(await session.acquire(), NAMED))
  t.equal(await offered(session), 'waiting')
  t.match(session.status(), { state: 'backing-off', lastError: { reason: /several tokens in a row/ } })
  t.match(told.at(-1), 'ready → backing-off: the API rejected several tokens in a row')
  await clock.advance(PAUSE - EARLY)
  t.strictSame(made(), ['login', 'login', 'login'])
  await clock.advance(EARLY)
  await grant()
  t.strictSame(made(), ['login', 'login', 'login', 'login'])
  t.ok(session.invalidate(await session.acquire(), NAMED))
  t.equal(session.status().state, 'backing-off', 'and the next pause begins with it')
})

t.test('a 401 during a call that is under way anyway puts the next one off by nothing', async t => {
  const { session, start, grant, clock } = rig(t)
  session.invalidate(await start(), NAMED)
  await grant()
  await clock.advance(EXTENSION)
  t.ok(session.invalidate(await session.acquire(), NAMED), 'while it is extended')
  await grant()
  t.ok(session.invalidate(await session.acquire(), NAMED))
  t.equal(session.status().state, 'authenticating')
})

t.test('a token that was revoked while it was extended is followed by a login at once', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const lease = await start()
  lease.served(NAMED.operation)
  await clock.advance(EXTENSION)
  session.invalidate(lease, NAMED)
  await grant()
  t.ok(session.invalidate(await session.acquire(), NAMED), 'the extended one was revoked too')
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login'])
  t.equal(await offered(session), 'MARK-3')
})

t.test('a doubt does not keep a token from being refused by name', async t => {
  const { session, start, refuse } = rig(t)
  const lease = await start()
  session.invalidate(lease, PLAIN)
  t.ok(session.invalidate(lease, NAMED))
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
  t.notOk(session.invalidate(lease, PLAIN), 'and no doubt touches it while no call may be made')
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
  for (const refusal of [NAMED, PLAIN]) {
    const { session, start, grant, clock, made } = rig(t)
    const lease = await start()
    await clock.advance(EXTENSION)
    t.ok(session.invalidate(lease, refusal))
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
  t.ok(session.invalidate(lease, PLAIN))
  await refuse('transient')
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
})

t.test('a 401 while backing off waits for the next call, which is a login', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('transient')
  t.ok(session.invalidate(lease, NAMED))
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
  t.ok(session.invalidate(lease, NAMED))
  t.equal(await offered(session), 'credentials-rejected')
  t.strictSame(made(), ['login', 'extend', 'login'])
})
