import t from 'tap'
import { SECONDS_LEFT } from '../session/rig.ts'
import { talk } from '../support/http.ts'
import { clientOf, makeConfig, startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('livez is 200 while the process serves, even without an upstream', async t => {
  const { call } = await startProxy(t, { upstream: 'https://nothing.invalid' })
  const reply = await call('/_proxy/livez')
  t.match(reply, { status: 200, headers: { 'content-type': /^application\/json/ } })
  t.strictSame(reply.json(), { status: 'ok' })
  t.match(await call('/_proxy/livez?x=1', { method: 'HEAD' }), { status: 200, text: '' })
})

t.test('readyz names the tenants that are not ready and why, until each has a session', async t => {
  const { call, app, simulator, clock } = await startPair(t, { tenants: { default: {}, other: {} } })
  t.match(await call('/_proxy/readyz'), { status: 503 })
  t.strictSame((await call('/_proxy/readyz')).json(), {
    ready: false,
    draining: false,
    waitingFor: [
      { tenant: 'default', state: 'idle', reason: null },
      { tenant: 'other', state: 'idle', reason: null },
    ],
  })
  simulator.fault({ kind: 'refuse-login' })
  await app.login()
  t.match((await call('/_proxy/readyz')).json(), {
    ready: false,
    waitingFor: [{ tenant: 'default', state: 'rejected', reason: /rejected the access key \(401 invalid_credentials/ }],
  })
  await clock.advance(600_000)
  await until(async () => (await call('/_proxy/readyz')).status === 200)
  t.strictSame((await call('/_proxy/readyz')).json(), { ready: true, draining: false, waitingFor: [] })
})

t.test('readyz is 503 again when a session is lost', async t => {
  const { call, app, simulator } = await startPair(t)
  await app.login()
  t.equal((await call('/_proxy/readyz')).status, 200)
  simulator.revokeAll()
  simulator.fault({ kind: 'refuse-login' })
  await call('/v2/policy')
  t.equal((await call('/_proxy/readyz')).status, 503)
})

t.test('a lazy tenant does not affect readiness, and logs in at its first request', async t => {
  const { call, app, simulator } = await startPair(t, { tenants: { default: { lazy: true } } })
  await app.login()
  t.equal(simulator.counts.logins, 0)
  t.equal((await call('/_proxy/readyz')).status, 200)
  t.equal((await call('/v2/policy')).status, 200)
  t.equal(simulator.counts.logins, 1)
})

t.test('status shows version, uptime, and the stack, session and counters of each tenant', async t => {
  const { call, app, clock, simulator } = await startPair(t, {
    tenants: { default: {}, idle: { url: 'app2.eu', lazy: true } },
  })
  await app.login()
  await call('/v2/policy')
  await call('/nowhere')
  simulator.revokeAll()
  await call('/v2/policy')
  await clock.advance(61_000)
  const status = (await call('/_proxy/status')).json()
  t.match(status, { version: '1.2.3', uptime: 61, ready: true, waitingFor: [] })
  t.match(status.tenants.default, {
    stack: null,
    api: simulator.url,
    lazy: false,
    session: { state: 'ready', generation: 2, lastError: null },
    counters: { requests: 3, failures: 1, replays: 1, logins: 2, extensions: 0 },
  })
  t.match(status.tenants.default.session.lastRefresh, /^2026-01-01T00:00:00\.\d{3}Z$/)
  t.equal(status.tenants.default.session.secondsLeft, SECONDS_LEFT - 61)
  t.strictSame(status.tenants.idle, {
    stack: 'app2.eu',
    api: 'https://api2.eu.prismacloud.io',
    lazy: true,
    session: null,
    accessKey: { expiry: 'unknown', expiresAt: null },
    counters: { requests: 0, failures: 0, replays: 0, logins: 0, extensions: 0 },
  })
})

t.test('status shows the rate limits that requests are paced by', async t => {
  const { call } = await startPair(t)
  t.strictSame((await call('/_proxy/status')).json().pacing, { waiting: 0, endpoints: [] })
  await call('/v2/alert', { method: 'POST', body: '{"timeRange":{"type":"to_now","value":"epoch"}}' })
  t.strictSame((await call('/_proxy/status')).json().pacing, {
    waiting: 0,
    endpoints: [
      {
        tenant: 'default',
        endpoint: 'POST /v2/alert',
        limit: { rate: 2, burst: 10, remaining: 9 },
        waiting: 0,
        pause: 0,
        counts: { waits: 0, waitSeconds: 0, refusals: 0 },
      },
    ],
  })
})

t.test('status shows the candidate of a rotation, and the log says why it is not ready', async t => {
  const { app, call, simulator, log } = await startPair(t)
  await app.login()
  const config = makeConfig({ upstream: simulator.url, tenants: { default: { customerName: 'Another Company' } } })
  simulator.fault({ kind: 'status', status: 503, path: '/login' })
  await app.reload(config)
  await until(() => log.some(({ msg }) => /tenant default: login with the new access key failed/.test(`${msg}`)))
  t.match((await call('/_proxy/status')).json().tenants.default, {
    session: { state: 'ready' },
    successor: { state: 'backing-off', lastError: { reason: /503/ } },
  })
  t.match(
    log.find(({ msg }) => /still using the previous session/.test(`${msg}`)),
    { level: 40, tenant: 'default' },
  )
})

t.test('paths under /_proxy/ are never forwarded, known or not', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const path of ['/_proxy//', '/_proxy/x', '/_proxy/livez/', '/_proxy//livez', '/_proxy/favicon.ico']) {
    const reply = await call(path)
    t.equal(reply.status, 404, path)
    t.match(reply.json(), { title: 'Not Found', detail: /^No such page: GET \/_proxy/, requestId: String })
  }
  t.equal((await call(`/_proxy/problems/${'x'.repeat(8_000)}`)).status, 404)
  const bodies = { 'application/json': '{not json', 'text/weird': 'x', '': 'x' }
  for (const [type, body] of Object.entries(bodies)) {
    const headers = { 'content-type': type }
    t.equal((await call('/_proxy/status', { method: 'POST', headers, body })).status, 404, type)
  }
  t.equal(upstream.requests.length + upstream.logins.length, 0)
})

t.test('the problem pages are served', async t => {
  const { call } = await startPair(t)
  t.match((await call('/_proxy/problems/draining')).json(), { name: 'draining', status: 503 })
  t.match(await call('/_proxy/problems/nothing'), { status: 404, headers: { 'x-request-id': String } })
})

t.test('rejecting a request with an unfinished body closes its connection', async t => {
  const { port } = await startPair(t)
  const head = 'POST /_proxy/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nabc'
  t.match(await talk(port, head), /^HTTP\/1\.1 404 Not Found\r\n.*connection: close/is)
})

t.test('a client can shut down the proxy if that is enabled, and only by POST', async t => {
  let asked = 0
  const quit = () => void asked++
  const off = await startPair(t, { quit })
  t.match((await off.call('/_proxy/quit', { method: 'POST' })).json(), {
    type: '/_proxy/problems/policy-denied',
    detail: /quit is disabled; set admin\.quit: true$/,
  })
  const clients = [clientOf('ci', 'the-token-of-ci-0')]
  const { call } = await startPair(t, { quit, config: { admin: { quit: true }, clients } })
  t.equal((await call('/_proxy/quit', { method: 'POST' })).status, 401)
  const headers = { authorization: 'Bearer the-token-of-ci-0' }
  t.equal((await call('/_proxy/quit', { headers })).status, 404)
  t.equal((await call('/_proxy/quit', { method: 'POST', headers: { ...headers, origin: 'http://x' } })).status, 403)
  t.equal(asked, 0)
  const reply = await call('/_proxy/quit', { method: 'POST', headers })
  t.strictSame([reply.status, reply.json()], [202, { status: 'draining' }])
  t.equal(asked, 1)
})

t.test('only admins see the activity of others, and a read-only client cannot shut down the proxy', async t => {
  let asked = 0
  const [reader, writer, boss] = ['the-token-of-reader', 'the-token-of-writer', 'the-token-of-the-boss']
  const clients = [
    clientOf('reader', reader, { access: 'read-only' }),
    clientOf('writer', writer),
    clientOf('boss', boss, { access: 'read-only' }, true),
  ]
  const config = { admin: { quit: true }, clients }
  const { call } = await startPair(t, {
    quit: () => void asked++,
    config,
    tenants: { default: {}, prod: { lazy: true } },
  })
  const as = (token: string, method = 'GET') => ({ method, headers: { authorization: `Bearer ${token}` } })
  await call('/v2/policy', as(writer))
  for (const token of [reader, writer]) {
    t.strictSame((await call('/_proxy/status', as(token))).json(), { version: '1.2.3', uptime: 0, ready: true })
    const metrics = await call('/_proxy/metrics', as(token))
    t.match(metrics.json(), { status: 403, type: '/_proxy/problems/policy-denied', detail: /\.admin: true$/ })
    t.equal((await call('/_proxy/readyz', as(token))).status, 200)
  }
  t.match((await call('/_proxy/status', as(boss))).json(), {
    tenants: { default: { counters: { requests: 1 } }, prod: {} },
  })
  t.match((await call('/_proxy/metrics', as(boss))).text, 'requests_total{tenant="default"')
  for (const token of [reader, boss]) t.equal((await call('/_proxy/quit', as(token, 'POST'))).status, 403)
  t.equal(asked, 0)
  t.equal((await call('/_proxy/quit', as(writer, 'POST'))).status, 202)
  t.equal(asked, 1)
})
