import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { type Reply, talk } from '../support/http.ts'
import { arrivingName } from '../support/over-http2.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** A proxy before an upstream that answers everything with these headers, and a call to it. */
async function answering(t: Test, headers: readonly string[], status = '200 OK') {
  const upstream = await rawUpstream(t, request => request.answer(http(status, headers)))
  const proxy = await startProxy(t, { upstream: upstream.url })
  return { upstream, ...proxy, reply: await proxy.call('/v2/policy') }
}

t.test('what the upstream says reaches the client in the same order and case', async t => {
  const headers = ['X-One: 1', 'x-TWO: a', 'x-two: b', 'Content-Type: a/b', 'X-Empty: ', 'X-Bytes: M\xfcller']
  const { reply } = await answering(t, headers)
  const sent = headers.flatMap(line => {
    const [name = '', value] = line.split(': ')
    return [arrivingName(name), value]
  })
  t.strictSame(reply.rawHeaders.slice(0, sent.length), sent)
  t.strictSame(reply.rawHeaders.filter((_, index) => index % 2 === 0).slice(sent.length / 2), [
    'content-length',
    'content-security-policy',
    'x-content-type-options',
    'x-request-id',
    'server-timing',
    'Date',
    'Connection',
  ])
})

/** What would bind or open the proxy's own origin, and what is for one connection alone. */
const NOT_FOR_CLIENTS = [
  ...['Set-Cookie: a=b', 'set-cookie: c=d', 'strict-transport-security: max-age=1', 'Alt-Svc: h2=":443"'],
  ...['Access-Control-Allow-Origin: *', 'access-control-expose-headers: x', 'X-Redlock-Auth: token'],
  ...['keep-alive: timeout=5', 'Connection: keep-alive, X-Hop', 'x-hop: 1', 'proxy-authenticate: Basic', 'te: x'],
  ...['trailer: x-t', 'upgrade: h2c', 'proxy-connection: x', 'x-request-id: upstream'],
  ...['Set-Cookie2: a=b', 'public-key-pins: x', 'Public-Key-Pins-Report-Only: x', 'expect-ct: max-age=1'],
  ...['Accept-CH: DPR', 'critical-ch: DPR', 'Service-Worker-Allowed: /', 'Clear-Site-Data: "*"'],
  ...['NEL: {}', 'Report-To: {}', 'reporting-endpoints: a="https://x.example"', 'timing-allow-origin: *'],
  ...['Content-Security-Policy-Report-Only: default-src x', 'Refresh: 0;url=https://x.example'],
]

t.test('what would bind or open the proxy’s own origin does not reach the client, with errors neither', async t => {
  const confinement = ['content-security-policy', 'x-content-type-options']
  const ours = [
    'connection',
    'content-length',
    'date',
    'server-timing',
    'x-request-id',
    'x-stays',
    ...confinement,
  ].sort()
  for (const status of ['200 OK', '404 Not Found']) {
    for (const errors of ['problem', 'passthrough']) {
      const { call } = await answering(t, [...NOT_FOR_CLIENTS, 'x-stays: yes'], status)
      const reply = await call('/x', { headers: { 'x-prismacloud-proxy-errors': errors } })
      const names = reply.rawHeaders.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase())
      const isProblem = status !== '200 OK' && errors === 'problem'
      t.strictSame(names.sort(), isProblem ? [...ours, 'content-type', 'vary'].sort() : ours, `${status}, ${errors}`)
      t.match(reply.headers['x-request-id'], /^[0-9a-f-]{36}$/)
    }
  }
})

t.test('opened in a browser, no answer of the upstream has the proxy’s origin', async t => {
  const upstream = await rawUpstream(t, ({ head, target, answer }) => {
    const own = ['content-security-policy: sandbox allow-scripts', 'X-Content-Type-Options: sniff']
    if (head.startsWith('HEAD')) answer('HTTP/1.1 200 OK', 'content-length: 9', '', '')
    else answer(http(`${target.slice(1)} Status`, ['content-type: text/html', ...own]))
  })
  const rules = [{ path: /^\/200$/, keepFor: 60_000 }]
  const { call } = await startProxy(t, { upstream: upstream.url, config: { errors: 'passthrough', cache: { rules } } })
  for (const target of ['/200', '/200', '/302', '/304', '/404', '/500']) {
    const { rawHeaders, headers } = await call(target)
    const policies = rawHeaders.filter((_, at) => rawHeaders[at - 1] === 'content-security-policy')
    t.strictSame(policies, ['sandbox allow-scripts', 'sandbox'], `${target}: both hold`)
    t.equal(headers['x-content-type-options'], 'nosniff', target)
  }
  t.equal(upstream.requests.length, 6, 'one was kept, and the 500 was retried')
  t.match((await call('/200', { method: 'HEAD' })).headers, {
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  })
})

t.test('nor have the proxy’s own more than they need', async t => {
  const { call, port } = await answering(t, ['content-security-policy: sandbox allow-scripts'], '404 Not Found')
  const own = {
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-same-origin",
    'x-content-type-options': 'nosniff',
  }
  const paths = ['livez', 'readyz', 'status', 'metrics', 'problems/', 'problems/draining', 'problems/none', 'none']
  for (const path of [...paths.map(each => `/_proxy/${each}`), '/x', '/auth_token/extend']) {
    for (const accept of ['*/*', 'text/html']) t.match((await call(path, { headers: { accept } })).headers, own, path)
  }
  t.match((await call('/login', { method: 'POST' })).headers, own)
  const malformed = await talk(port, 'GET / HTTP/1.1\r\n:\r\n\r\n')
  for (const [name, value] of Object.entries(own)) t.match(malformed, `\r\n${name}: ${value}\r\n`)
})

t.test('a redirect is handed to the client, and one to the API host leads back to the proxy', async t => {
  const upstream = await rawUpstream(t, request => {
    const to = decodeURIComponent(request.target.slice('/to?'.length)).replace('SELF', upstream.url)
    request.answer(http('302 Found', [`Location: ${to}`]))
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const locations = {
    'SELF/v2/policy?x=1': '/v2/policy?x=1',
    SELF: '/',
    'SELF?x': '/?x',
    'SELF#x': '/#x',
    'SELF0/elsewhere': 'SELF0/elsewhere',
    'https://other.example/x': 'https://other.example/x',
    '/relative': '/relative',
    '../relative': '../relative',
  }
  for (const [sent, received] of Object.entries(locations)) {
    const reply = await call(`/to?${encodeURIComponent(sent)}`)
    t.equal(reply.status, 302)
    t.equal(reply.headers.location, received.replace('SELF', upstream.url), sent)
  }
  t.equal(upstream.requests.length, Object.keys(locations).length, 'none was followed')
})

t.test('every answer carries the request id of the client, or a new one, and what took how long', async t => {
  const { call } = await answering(t, [])
  const id = async (headers: Record<string, string> | string[], path = '/x') =>
    (await call(path, { headers })).headers['x-request-id']
  t.equal(await id({ 'x-request-id': 'mine-1' }), 'mine-1')
  t.equal(await id({ 'x-request-id': 'mine-2' }, '/_proxy/livez'), 'mine-2')
  t.equal(await id({ 'x-request-id': 'mine-3' }, '/_proxy/nothing'), 'mine-3')
  t.equal(await id({ 'x-request-id': 'x'.repeat(128) }), 'x'.repeat(128))
  for (const bad of ['x'.repeat(129), '']) t.match(await id({ 'x-request-id': bad }), /^[0-9a-f-]{36}$/)
  t.not(await id({}), await id({}), 'each request has its own')
  for (const path of ['/x', '/_proxy/livez', '/a/../b']) {
    const { headers } = await call(path)
    t.match(headers['server-timing'], /^session;dur=\d+(\.\d)?, queue;dur=\d+(\.\d)?, upstream;dur=\d+(\.\d)?$/, path)
  }
})

t.test('server-timing tells the waits for session, rate limit and upstream apart', async t => {
  const clock = testClock()
  const limit = ['x-ratelimit-replenish-rate: 1', 'x-ratelimit-burst-capacity: 1', 'x-ratelimit-remaining: 0']
  const upstream = await rawUpstream(
    t,
    async request => {
      await clock.advance(50)
      request.answer(http('200 OK', limit))
    },
    {
      async login(request) {
        await request.body()
        await clock.advance(30)
        request.answer(http('200 OK', [], '{"token":"t"}'))
      },
    },
  )
  const { call } = await startProxy(t, { upstream: upstream.url, clock })
  /** What was spent on each, as a header tells, and by how much it is more than that at most: tenths are rounded. */
  const expectSpent = ({ headers }: Reply, expected: readonly number[]) => {
    const told = /^session;dur=([\d.]+), queue;dur=([\d.]+), upstream;dur=([\d.]+)$/.exec(`${headers['server-timing']}`)
    const late = expected.map((ms, n) => Number(told?.[n + 1]) - ms)
    t.ok(
      late.every(ms => ms >= 0 && ms <= clock.drifted() + 0.05),
      `${told}`,
    )
  }
  expectSpent(await call('/x'), [30, 0, 50])
  const second = call('/x')
  await until(async () => /queue_length{.*} 1\n/.test((await call('/_proxy/metrics')).text))
  await clock.advance(1000)
  expectSpent(await second, [0, 1000, 50])
})
