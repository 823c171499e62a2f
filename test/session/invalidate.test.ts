import t from 'tap'
import type { Unauthorized } from '../../src/session/evidence.ts'
import { EARLY } from '../support/clock.ts'
import { EXTENSION, LIFETIME, NAMED, offered, PLAIN, rig } from './rig.ts'

const MINUTE = 60_000

/** The first cooldown after a check without grounds. */
const PAUSE = 5_000

/** A 401 for another operation, without a reason. */
const OTHER: Unauthorized = { ...PLAIN, operation: 'default GET /cloud' }

t.test('a 401 that names the token drops it and causes a login at once', async t => {
  const { session, start, grant, made, clock } = rig(t)
  const lease = await start()
  t.ok(session.invalidate(lease, NAMED))
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'login'])
  t.equal(clock.pending, 1, 'one extension is scheduled, not two')
})

t.test('a 401 without a reason withholds the token until an extension shows whether it is valid', async t => {
  const { session, start, grant, calls } = rig(t)
  t.ok(session.invalidate(await start(), PLAIN))
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
  await grant()
  t.equal(await offered(session), 'MARK-2')
  t.match(calls.slice(1), [{ call: 'extend', secret: 'MARK-1' }], 'no login was needed')
})

t.test('if a token in doubt cannot be extended, it is dropped and a login follows', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  session.invalidate(await start(), PLAIN)
  await refuse('refused')
  await refuse('transient')
  t.equal(session.peek(), undefined, 'the token stays withdrawn')
  t.equal(await offered(session), 'waiting')
  await clock.advance(250)
  await grant()
  t.equal(await offered(session), 'MARK-4')
  t.strictSame(made(), ['login', 'extend', 'login', 'login'])
})

t.test('a token in doubt is not dropped by a 401 that names it without grounds', async t => {
  const { session, start, grant } = rig(t)
  session.invalidate(await start(), NAMED)
  await grant()
  const lease = session.use()
  if (!lease) throw new Error('there is no new token')
  lease.served(OTHER.operation)
  t.ok(session.invalidate(lease, OTHER), 'the operation was served before')
  t.ok(session.invalidate(lease, { ...NAMED, again: true }))
  t.equal(await offered(session), 'waiting', 'requests wait for the check')
  await grant()
  t.equal(await offered(session), 'MARK-3')
})

for (const refusal of [NAMED, PLAIN]) {
  t.test(`a burst of 401s ${refusal.named ? 'that name the token' : 'without a reason'} costs one call`, async t => {
    const { session, start, grant, made } = rig(t)
    const lease = await start()
    for (let n = 0; n < 20; n++) t.ok(session.invalidate(lease, refusal))
    await grant()
    for (let n = 0; n < 20; n++) t.ok(session.invalidate(lease, refusal), '401s that come late')
    t.equal(await offered(session), 'MARK-2')
    t.equal(made().length, 2)
  })
}

t.test('a 401 for an older token changes nothing', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const old = await start()
  await clock.advance(EXTENSION)
  await grant()
  t.ok(session.invalidate(old, NAMED), 'but the request is worth a retry')
  t.equal(await offered(session), 'MARK-2')
  t.strictSame(made(), ['login', 'extend'])
})

t.test('a 401 for a token that has expired meanwhile is ignored', async t => {
  const { session, start, grant, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('transient', { retryAfter: LIFETIME })
  await clock.advance(LIFETIME - EXTENSION)
  t.ok(session.invalidate(lease, NAMED))
  await clock.advance(EXTENSION)
  await grant()
  t.ok(session.invalidate(await session.acquire(), NAMED), 'and starts no cooldown')
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login', 'login'])
})

t.test('checks without grounds become rarer each time, down to one a minute', async t => {
  const { session, start, grant, clock, made } = rig(t)
  await start()
  for (const pause of [5_000, 10_000, 20_000, 40_000, MINUTE, MINUTE]) {
    t.ok(session.invalidate(await session.acquire(), PLAIN))
    await grant()
    const next = await session.acquire()
    for (const time of [0, pause - 1]) {
      await clock.advance(time)
      t.notOk(session.invalidate(next, PLAIN), 'the client gets the 401')
      t.equal(session.peek(), next, 'and the token stays in use')
    }
    await clock.advance(1)
  }
  t.equal(made().length, 7)
})

t.test('a justified check leaves no cooldown', async t => {
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

t.test('an operation that was served before causes a check, whatever others have caused', async t => {
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

t.test('a 401 that names the token causes a check at once, unless the last one was unjustified', async t => {
  const { session, start, grant, made } = rig(t)
  session.invalidate(await start(), NAMED)
  await grant()
  const lease = await session.acquire()
  lease.served('something else')
  t.notOk(session.invalidate(lease, NAMED))
  t.equal(session.peek(), lease, 'a token that has served a request stays in use')
  t.ok(session.invalidate(lease, { ...OTHER, named: true }))
  await grant()
  t.strictSame(made(), ['login', 'login', 'login'])
})

t.test('a token that was never served is dropped, and the third login is postponed', async t => {
  const { session, start, grant, clock, made, told } = rig(t)
  const first = await start()
  session.invalidate(first, NAMED)
  await grant()
  t.notOk(session.invalidate(await session.acquire(), { ...NAMED, again: true }), 'a retry is not retried again')
  t.ok(session.invalidate(await session.acquire(), NAMED), 'it may have been revoked right away')
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
  t.equal(session.status().state, 'backing-off', 'and the next cooldown begins')
})

t.test('a 401 during a call that was due anyway starts no cooldown', async t => {
  const { session, start, grant, clock } = rig(t)
  session.invalidate(await start(), NAMED)
  await grant()
  await clock.advance(EXTENSION)
  t.ok(session.invalidate(await session.acquire(), NAMED), 'during its extension')
  await grant()
  t.ok(session.invalidate(await session.acquire(), NAMED))
  t.equal(session.status().state, 'authenticating')
})

t.test('a token that was revoked during its extension is followed by a login at once', async t => {
  const { session, start, grant, clock, made } = rig(t)
  const lease = await start()
  lease.served(NAMED.operation)
  await clock.advance(EXTENSION)
  session.invalidate(lease, NAMED)
  await grant()
  t.ok(session.invalidate(await session.acquire(), NAMED), 'the extended token was revoked, too')
  await grant()
  t.strictSame(made(), ['login', 'extend', 'login'])
  t.equal(await offered(session), 'MARK-3')
})

t.test('a token in doubt can still be dropped by a 401 that names it', async t => {
  const { session, start, refuse } = rig(t)
  const lease = await start()
  session.invalidate(lease, PLAIN)
  t.ok(session.invalidate(lease, NAMED))
  await refuse('transient')
  t.equal(session.peek(), undefined, 'now the token stays withdrawn')
  t.equal(await offered(session), 'waiting')
})

t.test('a token in doubt is used again if the auth service cannot be asked', async t => {
  const { session, start, refuse, clock, made } = rig(t)
  const lease = await start()
  session.invalidate(lease, PLAIN)
  const waiting = session.acquire()
  await refuse('transient', { retryAfter: LIFETIME })
  t.equal(await waiting, lease)
  t.equal(session.peek(), lease)
  await clock.advance(MINUTE)
  t.notOk(session.invalidate(lease, PLAIN), 'and a 401 does not withhold it while no call can be made')
  t.equal(session.peek(), lease)
  t.strictSame(made(), ['login', 'extend'])
})

t.test('a token in doubt that has expired by then is not used again', async t => {
  const { session, start, refuse, clock } = rig(t)
  session.invalidate(await start(), PLAIN)
  await clock.advance(LIFETIME)
  await refuse('transient', { retryAfter: LIFETIME })
  t.equal(session.peek(), undefined)
  t.equal(await offered(session), 'waiting')
})

t.test('a 401 during an extension waits for its result', async t => {
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

t.test('a 401 during the login drops a token that could not be extended', async t => {
  const { session, start, refuse, clock } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('refused')
  t.equal(session.peek(), lease, 'until then it serves requests')
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

t.test('a 401 while the access key is rejected drops the token and causes no call', async t => {
  const { session, start, refuse, clock, made } = rig(t)
  const lease = await start()
  await clock.advance(EXTENSION)
  await refuse('refused')
  await refuse('rejected')
  t.ok(session.invalidate(lease, NAMED))
  t.equal(await offered(session), 'credentials-rejected')
  t.strictSame(made(), ['login', 'extend', 'login'])
})
