import t, { type Test } from 'tap'
import { passTime } from '../support/clock.ts'
import { open, talk } from '../support/http.ts'
import { clientOf, type ProxyOptions, startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { rawUpstream } from '../support/upstream.ts'

/** An audit output and its parsed lines. */
function kept() {
  const lines: Record<string, unknown>[] = []
  return { lines, audit: { write: (line: string) => void lines.push(JSON.parse(line)) } }
}

const PAIR = { config: { clients: [clientOf('ci', 'the-token-of-ci-1')] } }

async function start(t: Test) {
  const { lines, audit } = kept()
  const pair = await startPair(t, { ...PAIR, audit })
  const headers = { 'x-prismacloud-proxy-token': 'the-token-of-ci-1' }
  const ask = (path: string, more = {}, method = 'GET') => pair.call(path, { method, headers: { ...headers, ...more } })
  return { ...pair, lines, ask }
}

t.test('a forwarded request has a line with its client, its target and the outcome', async t => {
  const { ask, lines } = await start(t)
  const reply = await ask('/v2/policy?secret=query', { 'x-request-id': 'id-1' })
  await until(() => lines.length === 1)
  t.match(lines[0], {
    time: /^2026-01-01T00:00:00\.\d{3}Z$/,
    requestId: 'id-1',
    client: 'ci',
    tenant: 'default',
    method: 'GET',
    path: '/v2/policy',
    status: 200,
    bytes: reply.body.length,
    upstreamRequestId: reply.headers['x-redlock-request-id'],
    verdict: 'forwarded',
  })
  t.notMatch(JSON.stringify(lines), /secret|the-token-of/)
})

t.test('a cached response is recorded as cached', async t => {
  const { lines, audit } = kept()
  const cache = { rules: [{ path: /^\/v2\/policy$/, keepFor: 1000 }] }
  const { call } = await startPair(t, { audit, config: { cache } })
  for (let n = 0; n < 2; n++) await call('/v2/policy')
  await until(() => lines.length === 2)
  t.match(lines, [{ verdict: 'forwarded' }, { verdict: 'cached' }])
})

t.test('for a retried request, the bytes are those that the client received', async t => {
  const { ask, lines, simulator, clock } = await start(t)
  simulator.fault({ kind: 'status', status: 503, path: '/v2/policy', body: 'x'.repeat(1000) })
  const reply = await passTime(clock, ask('/v2/policy'))
  await until(() => lines.length === 1)
  t.match(lines[0], { status: 200, bytes: reply.body.length })
})

t.test('a rejected request is recorded with the reason, whoever rejected it', async t => {
  const { ask, call, lines } = await start(t)
  const refused = await call('/v2/policy')
  await ask('/x', { 'x-prismacloud-tenant': 'nobody' })
  await ask('/nowhere')
  await until(() => lines.length === 3)
  t.match(lines, [
    { client: null, tenant: null, status: 401, verdict: 'client-unauthorized', bytes: refused.body.length },
    { client: 'ci', tenant: null, status: 404, verdict: 'unknown-tenant' },
    { client: 'ci', tenant: 'default', status: 404, verdict: 'upstream-error' },
  ])
})

t.test('requests to the proxy itself are not recorded', async t => {
  const { ask, lines } = await start(t)
  for (const path of ['/_proxy/status', '/_proxy/livez', '/_proxy/nowhere']) await ask(path)
  await ask('/v2/policy')
  await until(() => lines.length > 0)
  t.match(lines, [{ path: '/v2/policy' }])
})

t.test('a client that disconnects is recorded with the bytes it received', async t => {
  const { lines, audit } = kept()
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '3', 'abc', '')
    await request.closed
  })
  const { port } = await startProxy(t, { upstream: upstream.url, audit })
  const sent = open(port, '/x')
  sent.on('error', () => {}).on('response', answer => answer.once('data', () => sent.destroy()))
  sent.end()
  await until(() => lines.length === 1)
  t.match(lines[0], { status: 0, bytes: 3, verdict: 'aborted' })
})

t.test('a request id that is too long or not printable ASCII is replaced', async t => {
  const { port, lines } = await atUpstream(t)
  for (const id of ['\u009b31m', 'a\tb', 'ü', '', 'x'.repeat(129), 'ok-1', 'x'.repeat(128), 'a b']) {
    const head = `GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-request-id: ${id}\r\n\r\n`
    const [, told] = /\r\nx-request-id: ([^\r]*)/.exec(await talk(port, head)) ?? []
    await until(() => lines.length > 0)
    const { requestId } = lines.splice(0)[0] ?? {}
    t.equal(requestId, told)
    const isGood = /^(ok-1|x{128}|a b)$/.test(id)
    if (isGood) t.equal(requestId, id)
    else t.match(requestId, /^[0-9a-f-]{36}$/)
  }
})

t.test('the upstream cannot forge or hide a line', async t => {
  const { port, texts } = await atUpstream(t, 'x-redlock-request-id: a\u009bb\u0085c\u00ad\u007f')
  await talk(port, 'GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  await until(() => texts.length === 1)
  t.match(texts[0], /^[ -~]+\n$/)
})

/** A proxy in front of an upstream that accepts everything, and its audit log as text and as parsed lines. */
async function atUpstream(t: Test, header = 'x-a: b', options: Partial<ProxyOptions> = {}) {
  const lines: Record<string, unknown>[] = []
  const texts: string[] = []
  const write = (text: string) => {
    texts.push(text)
    lines.push(JSON.parse(text))
  }
  const upstream = await rawUpstream(t, request => {
    request.socket.write(Buffer.from(`HTTP/1.1 200 OK\r\n${header}\r\ncontent-length: 2\r\n\r\n{}`, 'latin1'))
  })
  const audit = { write, ...options.audit }
  return { ...(await startProxy(t, { upstream: upstream.url, ...options, audit })), upstream, lines, texts }
}

/** A required audit log, on a disk that can become full. */
async function required(t: Test, options: Partial<ProxyOptions> = {}) {
  const disk = { isFull: false }
  const begun: Record<string, unknown>[] = []
  const audit = {
    write() {},
    writeNow(line: string) {
      if (!disk.isFull) begun.push(JSON.parse(line))
      return !disk.isFull
    },
  }
  const config = { ...options.config, audit: { required: true, file: '/x', ...options.config?.audit } }
  return {
    ...(await atUpstream(t, undefined, { ...options, config, audit })),
    disk,
    begun,
  }
}

t.test(
  'if records are required, one is written before a request is forwarded, else the request is rejected',
  async t => {
    const { call, disk, begun, upstream } = await required(t)
    t.equal((await call('/v2/policy?secret=query', { headers: { 'x-request-id': 'id-1' } })).status, 200)
    t.match(begun, [{ requestId: 'id-1', client: null, method: 'GET', path: '/v2/policy', verdict: 'begun' }])
    disk.isFull = true
    const refused = await call('/v2/policy', { method: 'POST', body: '{}' })
    t.match(refused.json(), { status: 503, type: '/_proxy/problems/audit-unavailable', detail: /audit\.required/ })
    t.equal(upstream.requests.length, 1)
    for (const path of ['/_proxy/livez', '/_proxy/metrics']) t.equal((await call(path)).status, 200, path)
    t.equal(
      (await call('/login', { method: 'POST', body: '{}' })).status,
      503,
      'logins that the proxy answers itself are recorded, too',
    )
    disk.isFull = false
    t.equal((await call('/v2/policy')).status, 200)
    t.equal(begun.length, 2)
  },
)

t.test('if records are not required, nothing is written in advance, and a full disk stops no request', async t => {
  const { call, disk, begun } = await required(t, { config: { audit: { required: false } } })
  disk.isFull = true
  t.equal((await call('/v2/policy')).status, 200)
  t.strictSame(begun, [])
})
