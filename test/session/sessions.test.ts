import t from 'tap'
import { failureOf } from '../kernel/failure-of.ts'
import { settle } from '../support/clock.ts'
import { EXTENSION, NAMED } from './rig.ts'
import { sessionsRig, tenantOf, tokenOf } from './sessions-rig.ts'

const [a, b, lazy] = [tenantOf('a'), tenantOf('b'), tenantOf('lazy', { lazy: true })]

t.test('a session is created when its tenant is first used, once', async t => {
  const at = sessionsRig(t, [a, b])
  t.strictSame(at.states(), { a: undefined, b: undefined })
  const leases = [at.sessions.acquire('a'), at.sessions.acquire('a')]
  await at.newest('a').grant()
  t.equal(await leases[0], await leases[1])
  t.strictSame(at.states(), { a: 'ready', b: undefined })
  t.equal(at.made.length, 1)
})

t.test('all() lists every tenant with its session, and creates none', async t => {
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

t.test('each tenant keeps its session, however many there are', async t => {
  const names = Array.from({ length: 1001 }, (_, n) => `t${n}`)
  const { sessions, made } = sessionsRig(
    t,
    names.map(name => tenantOf(name)),
  )
  for (const name of names) sessions.acquire(name).catch(() => {})
  for (const { session } of made) t.not(session.state, 'closed')
  t.equal(made.length, 1001)
})

t.test('start() logs in tenants that are not lazy, ten at a time', async t => {
  const many = Array.from({ length: 25 }, (_, n) => tenantOf(`t${n}`))
  const { sessions, made } = sessionsRig(t, [...many, lazy])
  const started = sessions.start()
  await settle()
  t.equal(made.length, 10)
  await made[0]?.refuse('rejected')
  await made[1]?.grant()
  await settle()
  t.equal(made.length, 12, 'a failed login makes room for the next, too')
  for (let n = 2; n < 25; n++) await made[n]?.grant()
  await started
  t.equal(made.length, 25)
})

t.test('a lease is invalidated by the session that issued it', async t => {
  const at = sessionsRig(t, [a, b])
  const lease = at.sessions.acquire('a')
  await at.newest('a').grant()
  const own = await lease
  const other = at.sessions.acquire('b')
  await at.newest('b').grant()
  await other
  t.ok(at.sessions.invalidate('b', own, NAMED), 'worth a retry')
  t.equal(at.states().b, 'ready')
  t.ok(at.sessions.invalidate('a', own, NAMED))
  await at.newest('a').grant()
  const proven = await at.sessions.acquire('a')
  proven.served('something else')
  t.notOk(at.sessions.invalidate('a', proven, NAMED), 'it has just served a request')
  t.notOk(at.sessions.invalidate('nobody', own, NAMED))
})

t.test('an idle session is discarded, and created again by the next request', async t => {
  const at = sessionsRig(t, [a], 0)
  const lease = at.sessions.acquire('a')
  await at.newest('a').grant()
  const former = await lease
  await at.clock.advance(EXTENSION)
  t.match([...at.sessions.all()], [{ session: undefined, rests: true }])
  t.equal(at.made[0]?.session.state, 'closed')
  t.equal(at.clock.pending, 0)
  t.match(at.told.at(-2), /a is idle: no request for/)
  t.ok(at.sessions.invalidate('a', former, NAMED), 'an old lease is worth a retry')
  t.equal(await tokenOf(at, 'a'), 'waiting')
  t.match([...at.sessions.all()], [{ rests: false }])
  await at.newest('a').grant()
  t.equal(await tokenOf(at, 'a'), 'MARK-1')
  t.equal(at.made.length, 2)
})

t.test('close() closes every session, and rejects waiting and later requests', async t => {
  const at = sessionsRig(t, [a, b])
  const waiting = failureOf(at.sessions.acquire('a'))
  at.sessions.close()
  t.match(await waiting, { type: 'draining', status: 503 })
  t.match(await failureOf(at.sessions.acquire('b')), { type: 'draining' })
  t.equal(at.made[0]?.session.state, 'closed')
  t.equal(at.clock.pending, 0)
})
