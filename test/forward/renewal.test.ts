import t from 'tap'
import { startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { grant, http, type RawRequest, rawUpstream } from '../support/upstream.ts'
import { growingBody } from './growing-body.ts'

const EXPIRED = 'x-redlock-status: [{"i18nKey":"token_expired","severity":"error","subject":null}]'
const PERMISSION = 'x-redlock-status: [{"i18nKey":"unauthorized_access","severity":"error","subject":null}]'

/** A handler that refuses the first requests and takes the bodies of all. */
function refusing(times: number, headers: readonly string[] = [EXPIRED], bodies: Buffer[] = []) {
  return async (request: RawRequest) => {
    bodies.push(await request.body())
    request.answer(times-- > 0 ? http('401 Unauthorized', headers) : http('200 OK', [], 'fine'))
  }
}

t.test('a request whose token has been revoked is sent again with a new one, and says so', async t => {
  const { call, simulator } = await startPair(t)
  t.equal((await call('/v2/policy')).headers['x-prismacloud-proxy-replayed'], undefined)
  simulator.revokeAll()
  const reply = await call('/v2/policy')
  t.match(reply, { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.equal(simulator.counts.logins, 2)
  t.equal((await call('/v2/policy')).headers['x-prismacloud-proxy-replayed'], undefined)
})

t.test('a body that was kept is sent again, whole', async t => {
  const bodies: Buffer[] = []
  const upstream = await rawUpstream(t, refusing(1, [EXPIRED], bodies))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const body = 'x'.repeat(200_000)
  const reply = await call('/x', { method: 'POST', body })
  t.match(reply, { status: 200, text: 'fine', headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.strictSame(bodies.map(String), [body, body])
})

t.test('a second 401 goes to the client', async t => {
  const upstream = await rawUpstream(t, refusing(2))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x')
  t.match(reply, { status: 401, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.match(reply.json(), { type: '/_proxy/problems/upstream-error', upstream: { errors: [{ code: 'token_expired' }] } })
  t.equal(upstream.requests.length, 2)
})

t.test('a body larger than what is kept is not sent again, but the token is renewed', async t => {
  for (const errors of ['problem', 'passthrough'] as const) {
    const upstream = await rawUpstream(t, refusing(1))
    const { call } = await startProxy(t, { upstream: upstream.url, config: { replay: { maxBody: 10 }, errors } })
    const reply = await call('/x', { method: 'POST', body: 'x'.repeat(11) })
    t.equal(reply.status, 401, errors)
    t.match(reply.headers['content-type'], errors === 'problem' ? 'application/problem+json' : undefined)
    t.notOk('x-prismacloud-proxy-replayed' in reply.headers)
    t.equal(upstream.requests.length, 1)
    await until(() => upstream.logins.length === 2)
    t.equal((await call('/x', { method: 'POST', body: 'x'.repeat(10) })).status, 200)
  }
})

t.test('a body that outgrows what is kept while the session is renewed is not sent again', async t => {
  let release = () => {}
  const upstream = await rawUpstream(
    t,
    async request => {
      await request.read(5)
      request.answer(http('401 Unauthorized', [EXPIRED]))
      await request.closed
    },
    {
      async login(request, { logins }) {
        if (logins.length > 1) await new Promise<void>(resolve => (release = resolve))
        await grant(request)
      },
    },
  )
  const body = growingBody(await startProxy(t, { upstream: upstream.url, config: { replay: { maxBody: 10 } } }))
  await until(() => upstream.logins.length === 2)
  await body.grow()
  release()
  const reply = await body.reply()
  t.equal(reply.status, 401)
  t.notOk('x-prismacloud-proxy-replayed' in reply.headers)
  t.equal(upstream.requests.length, 1)
})

t.test('a 401 that means a permission costs no login', async t => {
  const upstream = await rawUpstream(t, refusing(3, [PERMISSION]))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x')
  t.equal(reply.status, 401)
  t.match(reply.json().upstream.errors, [{ code: 'unauthorized_access' }])
  t.match(reply.headers['x-redlock-status'], /unauthorized_access/)
  await call('/x')
  t.equal(upstream.logins.length, 1)
  t.equal(upstream.requests.length, 2)
})

t.test('a 401 that gives no reason costs at most one login a minute', async t => {
  const upstream = await rawUpstream(t, refusing(10, []))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const replays of ['1', undefined, undefined]) {
    const reply = await call('/x')
    t.equal(reply.status, 401)
    t.equal(reply.headers['x-prismacloud-proxy-replayed'], replays)
  }
  t.equal(upstream.logins.length, 2)
})

t.test('fifty requests at once on a revoked token cost one login, and all succeed', async t => {
  const { call, simulator } = await startPair(t, { config: { pacing: { enabled: false } } }, { rateLimits: {} })
  await call('/v2/policy')
  simulator.revokeAll()
  const replies = await Promise.all(Array.from({ length: 50 }, () => call('/v2/policy')))
  t.strictSame(new Set(replies.map(reply => reply.status)), new Set([200]))
  t.equal(simulator.counts.logins, 2)
})

t.test('when the session cannot be renewed the client learns why, and that it was not sent twice', async t => {
  const { call, simulator } = await startPair(t)
  await call('/v2/policy')
  simulator.revokeAll()
  simulator.fault({ kind: 'refuse-login' })
  const reply = await call('/v2/policy')
  t.match(reply, { status: 502 })
  t.match(reply.json(), { type: '/_proxy/problems/credentials-rejected', detail: /invalid_credentials/ })
  t.notOk('x-prismacloud-proxy-replayed' in reply.headers)
})
