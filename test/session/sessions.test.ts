import t from 'tap'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { EXTENSION, NAMED } from './rig.ts'
import { sessionsRig, tenantOf, tokenOf } from './sessions-rig.ts'

const [a, b, lazy] = [tenantOf('a'), tenantOf('b'), tenantOf('lazy', { lazy: true })]

t.test("a tenant's session is made at its first use, once", async t => {
  const at = sessionsRig(t, [a, b])
  t.strictSame(at.states(), { a: undefined, b: undefined })
  const leases = [at.sessions.acquire('a'), at.sessions.acquire('a')]
  await at.newest('a').grant()
  t.equal(await leases[0], await leases[1])
  t.strictSame(at.states(), { a: 'ready', b: undefined })
  t.equal(at.made.length, 1)
})

t.test('every configured tenant is listed, with its session if it has one, and none is made for that', async t => {
  const { sessions, made } = sessionsRig(t, [a, b])
  sessions.acquire('b').catch(() => {})
  t.match(
    [...sessions.all()],
    [
      { tenant: { name: 'a' }, session: undefined, candidate: undefined, rests: false },
      { tenant: { name: 'b' }, session: made[0]?.session, candidate: undefined, rests: false },
    ],
  )
  t.equal(made.length, 1)
})

t.test('a tenant that is not configured has no session', async t => {
  const { sessions } = sessionsRig(t, [a])
  t.match(await failureOf(sessions.acquire('nobody')), { type: 'unknown-tenant' })
})

t.test('however many tenants there are, each keeps its session', async t => {
  const names = Array.from({ length: 1001 }, (_, n) => `t${n}`)
  const { sessions, made } = sessionsRig(
    t,
    names.map(name => tenantOf(name)),
  )
  for (const name of names) sessions.acquire(name).catch(() => {})
  for (const { session } of made) t.not(session.state, 'closed')
  t.equal(made.length, 1001)
})

t.test('those that are not lazy log in at the start, ten at a time', async t => {
  const many = Array.from({ length: 25 }, (_, n) => tenantOf(`t${n}`))
  const { sessions, made } = sessionsRig(t, [...many, lazy])
  const started = sessions.start()
  await settle()
  t.equal(made.length, 10)
  await made[0]?.refuse('rejected')
  await made[1]?.grant()
  await settle()
  t.equal(made.length, 12, 'one that is refused lets the next in, too')
  for (let n = 2; n < 25; n++) await made[n]?.grant()
  await started
  t.equal(made.length, 25)
})

t.test('leases are judged by the session that gave them', async t => {
  const at = sessionsRig(t, [a, b])
  const lease = at.sessions.acquire('a')
  await at.newest('a').grant()
  const own = await lease
  const other = at.sessions.acquire('b')
  await at.newest('b').grant()
  await other
  t.ok(at.sessions.invalidate('b', own, NAMED), 'worth a new one')
  t.equal(at.states().b, 'ready')
  t.ok(at.sessions.invalidate('a', own, NAMED))
  await at.newest('a').grant()
  const proven = await at.sessions.acquire('a')
  proven.served('something else')
  t.notOk(at.sessions.invalidate('a', proven, NAMED), 'it has served a moment ago')
  t.notOk(at.sessions.invalidate('nobody', own, NAMED))
})

t.test('a session that rests leaves, and comes again with the next request', async t => {
  const at = sessionsRig(t, [a], 0)
  const lease = at.sessions.acquire('a')
  await at.newest('a').grant()
  const former = await lease
  await at.clock.advance(EXTENSION)
  t.match([...at.sessions.all()], [{ session: undefined, rests: true }])
  t.equal(at.made[0]?.session.state, 'closed')
  t.equal(at.clock.pending, 0)
  t.match(at.told.at(-2), /a is idle: no request for/)
  t.ok(at.sessions.invalidate('a', former, NAMED), 'an old lease is worth a new one')
  t.equal(await tokenOf(at, 'a'), 'waiting')
  t.match([...at.sessions.all()], [{ rests: false }])
  await at.newest('a').grant()
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
  t.equal(at.made.length, 2)
})

t.test('closing closes every session, and refuses who waits and who comes', async t => {
  const at = sessionsRig(t, [a, b])
  const waiting = failureOf(at.sessions.acquire('a'))
  at.sessions.close()
  t.match(await waiting, { type: 'draining', status: 503 })
  t.match(await failureOf(at.sessions.acquire('b')), { type: 'draining' })
  t.equal(at.made[0]?.session.state, 'closed')
  t.equal(at.clock.pending, 0)
})
