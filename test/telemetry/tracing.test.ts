import t from 'tap'
import { addClient, addServer } from '../../src/telemetry/tracing/http-attributes.ts'
import { failureOf } from '../../src/telemetry/tracing/request-spans.ts'
import type { Attributes, Span } from '../../src/telemetry/tracing/span.ts'
import { passTime } from '../support/clock.ts'
import { open } from '../support/http.ts'
import { clientOf, startPair, startProxy } from '../support/proxy.ts'
import { keepTraces } from '../support/traces.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const USER_AGENT = { 'user-agent': 'tool/1.0' }

const named = (spans: readonly Span[]) => spans.map(({ kind, name }) => `${kind} ${name}`)

t.test('a request is a span, with the attempt as a part of it', async t => {
  const traces = keepTraces()
  const { call, port, simulator, log } = await startPair(t, { traces, config: { log: { requests: 'all' } } })
  await call('/v2/policy')
  await traces.next()
  await call('/v2/policy?private=1', { headers: { ...USER_AGENT, 'x-request-id': 'mine' } })
  const spans = await traces.next()
  const upstream = new URL(simulator.url)
  t.strictSame(named(spans), ['server GET /v2/policy', 'client GET /v2/policy'])
  const [server, attempt] = spans
  t.strictSame(server?.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'server.address': 'localhost',
    'server.port': port,
    'client.address': '127.0.0.1',
    'network.protocol.version': '1.1',
    'user_agent.original': 'tool/1.0',
    'url.path': '/v2/policy',
    'http.route': '/v2/policy',
    'http.response.status_code': 200,
    'prismacloud_proxy.request_id': 'mine',
    'prismacloud_proxy.tenant': 'default',
    'prismacloud_proxy.upstream_request_id': server?.attributes['prismacloud_proxy.upstream_request_id'],
  })
  t.strictSame(attempt?.attributes, {
    'http.request.method': 'GET',
    'server.address': '127.0.0.1',
    'server.port': Number(upstream.port),
    'url.full': `${simulator.url}/v2/policy`,
    'url.template': '/v2/policy',
    'http.response.status_code': 200,
    'network.protocol.version': '1.1',
  })
  t.match(attempt, { parentId: server?.trace.spanId, trace: { traceId: server?.trace.traceId }, failed: false })
  const times = [server?.from, attempt?.from, attempt?.to, server?.to].map(Number)
  t.strictSame(
    times.toSorted((one, other) => one - other),
    times,
    'one in the other',
  )
  t.match(new Date(Number(server?.from)).getUTCFullYear(), 2026)
  await until(() => log.some(({ requestId }) => requestId === 'mine'))
  t.equal(log.find(({ requestId }) => requestId === 'mine')?.traceId, server?.trace.traceId)
})

t.test('waits are spans of their own, and so is a login', async t => {
  const traces = keepTraces()
  const { call, simulator } = await startPair(t, { traces })
  await call('/v2/policy')
  const spans = await traces.next()
  t.strictSame(named(spans), ['server GET /v2/policy', 'internal wait for session', 'client GET /v2/policy'])
  const [server, wait] = spans
  t.match(wait, { parentId: server?.trace.spanId, attributes: {}, failed: false })
  const login = traces.spans.find(({ name }) => name === 'POST /login')
  t.match(login, {
    kind: 'client',
    parentId: null,
    failed: false,
    attributes: {
      'url.full': `${simulator.url}/login`,
      'http.response.status_code': 200,
      'prismacloud_proxy.tenant': 'default',
    },
  })
  t.not(login?.trace.traceId, server?.trace.traceId)
})

t.test('a wait for the rate limit is a span', async t => {
  const traces = keepTraces()
  const { call, clock } = await startPair(t, { traces })
  await passTime(clock, Promise.all(Array.from({ length: 30 }, () => call('/v2/alert'))))
  const all = traces.spans.filter(({ name }) => name === 'wait for rate limit')
  t.ok(all.length > 10)
  t.ok(all.every(({ from, to }) => to > from))
  t.ok(all.some(({ from, to }) => to - from > 100))
})

t.test('each retry is a span that says which it is', async t => {
  const traces = keepTraces()
  const { call, simulator, clock } = await startPair(t, { traces })
  await call('/v2/policy')
  await traces.next()
  simulator.fault({ kind: 'status', status: 502, path: '/v2/policy' })
  await passTime(clock, call('/v2/policy'))
  const spans = (await traces.next()).filter(({ kind }) => kind === 'client')
  t.match(
    spans.map(({ attributes, failed }) => ({ ...attributes, failed })),
    [
      { 'http.response.status_code': 502, 'error.type': '502', failed: true },
      { 'http.response.status_code': 200, 'http.request.resend_count': 1, failed: false },
    ],
  )
  t.notOk('http.request.resend_count' in Object(spans[0]?.attributes))
})

t.test('a failure names its problem, and a client that leaves is none', async t => {
  const traces = keepTraces()
  const upstream = await rawUpstream(t, request => {
    if (request.target === '/gone') return request.socket.destroy()
    if (request.target === '/cut') {
      request.answer('HTTP/1.1 200 OK', 'content-length: 9', '', 'part')
      setImmediate(() => request.socket.destroy())
      return
    }
    if (request.target === '/error') return request.answer(http('500 Internal Server Error'))
  })
  const { call, port } = await startProxy(t, { upstream: upstream.url, traces, config: { retry: { attempts: 0 } } })
  const attributesOf = (spans: readonly Span[]) => {
    const [server, attempt] = [spans[0], spans.at(-1)]
    return [server, attempt].map(span => ({ failed: span?.failed, ...span?.attributes }))
  }
  await call('/gone', { method: 'POST' })
  t.match(attributesOf(await traces.next()), [
    { failed: true, 'error.type': 'upstream-unreachable', 'prismacloud_proxy.problem': 'upstream-unreachable' },
    { failed: true, 'error.type': /^(ECONNRESET|UND_ERR_SOCKET)$/ },
  ])
  await call('/error')
  t.match(attributesOf(await traces.next()), [
    { failed: true, 'error.type': 'upstream-error', 'http.response.status_code': 500 },
    { failed: true, 'error.type': '500' },
  ])
  await call('/error', { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } })
  t.match(attributesOf(await traces.next())[0], { failed: true, 'error.type': '500' })
  await t.rejects(call('/cut'))
  t.match(attributesOf(await traces.next()), [
    { failed: true, 'error.type': String },
    { failed: true, 'error.type': 'UND_ERR_SOCKET', 'http.response.status_code': 200 },
  ])
  await call('/v2/policy', { method: 'POST', headers: { 'x-prismacloud-tenant': 'nobody' } })
  const refused = await traces.next()
  t.match(named(refused), ['server POST'])
  t.match(refused[0], { failed: false, attributes: { 'prismacloud_proxy.problem': 'unknown-tenant' } })
  const left = open(port, '/slow').on('error', () => {})
  left.end()
  await until(() => upstream.requests.some(({ target }) => target === '/slow'))
  left.destroy()
  const [server, attempt] = attributesOf(await traces.next())
  t.match(server, { failed: false })
  t.notOk('http.response.status_code' in Object(server))
  t.match(attempt, { failed: true, 'error.type': 'aborted' })
})

t.test('a failure without a code is some other', async t => {
  t.equal(failureOf(new Error('what happened')), '_OTHER')
  t.equal(failureOf(undefined), undefined)
})

t.test('who waits for the response to an identical request sends none', async t => {
  const traces = keepTraces()
  const upstream = await rawUpstream(t, request => {
    held.push(() => request.answer(http('200 OK')))
  })
  const held: (() => void)[] = []
  const rules = [{ path: /.*/, keepFor: 60_000 }]
  const { call } = await startProxy(t, {
    upstream: upstream.url,
    traces,
    config: { cache: { rules, maxSize: 1024 * 1024 } },
  })
  const both = [call('/v2/policy'), call('/v2/policy')]
  await until(async () => (await call('/_proxy/metrics')).text.includes('requests_in_flight 2\n'))
  await until(() => held.length === 1)
  held[0]?.()
  await Promise.all(both)
  const all = [await traces.next(), await traces.next()].map(spans =>
    named(spans.filter(({ name }) => !/session/.test(name))),
  )
  t.strictSame(all.flat().filter(name => /client/.test(name)).length, 1)
  t.ok(all.flat().includes('internal wait for identical request'))
  t.same(
    new Set(traces.spans.map(({ attributes }) => attributes['prismacloud_proxy.cache'])),
    new Set([undefined, 'miss', 'shared']),
  )
})

t.test('what is not recorded has no spans, and its log line no trace', async t => {
  const traces = keepTraces()
  traces.isSampled = false
  const { call, log } = await startPair(t, { traces, config: { log: { requests: 'all' } } })
  await call('/v2/policy')
  await call('/_proxy/status')
  await until(() => log.filter(line => 'method' in line).length === 2)
  t.strictSame(traces.spans, [])
  t.notOk(log.some(line => 'traceId' in line))
})

t.test('the proxy’s own paths are not traced', async t => {
  const traces = keepTraces()
  const { call } = await startPair(t, { traces })
  for (const path of ['/_proxy/status', '/_proxy/livez', '/_proxy/nowhere', '/favicon.ico']) await call(path)
  await call('/v2/policy')
  const [server] = await traces.next()
  t.equal(server?.name, 'GET /v2/policy')
})

t.test('odd heads become attributes that have few values', async t => {
  const traces = keepTraces()
  const { call } = await startPair(t, { traces })
  const attributesFor = async (headers: readonly string[], method = 'GET') => {
    await call('/nowhere', { headers, method })
    const [server] = await traces.next()
    return { name: server?.name, ...server?.attributes }
  }
  t.match(await attributesFor(['host', '[::1]:80']), { name: 'GET', 'server.address': '::1', 'server.port': 80 })
  t.match(await attributesFor(['host', 'localhost'], 'PROPFIND'), {
    name: 'HTTP',
    'http.request.method': '_OTHER',
    'http.request.method_original': 'PROPFIND',
  })
  t.notOk('server.port' in (await attributesFor(['host', 'localhost'])))
  t.notOk('server.address' in (await attributesFor(['host', '::::'])))
})

t.test('a server is named by host and port, also by the usual one', async t => {
  const at = (origin: string) => {
    const attributes: Attributes = {}
    addServer(attributes, origin)
    return Object.values(attributes)
  }
  t.strictSame(at('https://api2.prismacloud.io'), ['api2.prismacloud.io', 443])
  t.strictSame(at('http://localhost'), ['localhost', 80])
  t.strictSame(at('http://[::1]:8080'), ['::1', 8080])
})

t.test('a client may come by TLS, say nothing about itself, or use a socket without an address', async t => {
  const attributes: Attributes = {}
  const request = { headers: {}, httpVersion: '1.0', socket: { encrypted: true } } as never
  addClient(attributes, request, undefined, text => text)
  t.strictSame(attributes, { 'url.scheme': 'https', 'network.protocol.version': '1.0' })
  addClient(attributes, request, 'api2.prismacloud.io', text => text)
  t.equal(attributes['server.address'], 'api2.prismacloud.io')
})

t.test('no secret gets into a span, in whatever coding a client writes it', async t => {
  const traces = keepTraces()
  const client = clientOf('job', 'MARK-client-token-of-the-job')
  const { call, app } = await startPair(t, { traces, config: { clients: [client] } })
  const headers = { authorization: 'Bearer MARK-client-token-of-the-job' }
  await call('/v2/policy', { headers })
  const [token] = app.sessions.secrets('default').map(secret => secret.reveal())
  const secrets = [...app.sessions.secrets('default').map(secret => secret.reveal()), 'MARK-client-token-of-the-job']
  t.ok(token && secrets.length >= 3)
  for (const secret of secrets) {
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64url'),
      Buffer.from(secret).toString('hex'),
    ]
    for (const form of forms) {
      const path = `/v2/policy/${form}?token=${form}`
      await call(path, { headers: { ...headers, 'user-agent': form, 'x-request-id': form.slice(0, 128) } })
      await call('/v2/policy', { headers: { ...headers, host: `${form.slice(0, 60)}.localhost` } })
    }
  }
  const all = JSON.stringify(traces.spans)
  t.ok(traces.spans.length > 20)
  for (const secret of secrets)
    for (const coding of ['utf8', 'base64url', 'hex'] as const)
      t.notOk(all.includes(Buffer.from(secret).toString(coding).slice(0, 20)), coding)
  t.match(all, /\[secret\]/)
})

t.test('auth calls that fail are failed spans, with a status if there was one', async t => {
  const traces = keepTraces()
  const { call, simulator, clock } = await startPair(t, { traces })
  const logins = () => traces.spans.filter(({ name }) => name === 'POST /login')
  simulator.fault({ kind: 'status', status: 503, path: '/login' })
  await passTime(clock, call('/v2/policy'))
  t.match(logins(), [
    { failed: true, attributes: { 'http.response.status_code': 503, 'error.type': '503' } },
    { failed: false, attributes: { 'http.response.status_code': 200 } },
  ])
  simulator.fault({ kind: 'reset', path: '/', times: Number.POSITIVE_INFINITY })
  await clock.advance(600_000)
  await passTime(clock, call('/v2/policy'))
  const last = logins().at(-1)
  t.match(last, { failed: true, attributes: { 'error.type': /^(ECONNRESET|UND_ERR_SOCKET)$/ } })
  t.notOk('http.response.status_code' in Object(last?.attributes))
})

t.test('the way to the collector is closed with the proxy', async t => {
  const traces = keepTraces()
  const { app } = await startPair(t, { traces })
  await app.close()
  t.ok(traces.isClosed)
})
