import t from 'tap'
import type { errorShapes } from '../../src/simulator/index.ts'
import { testClock } from '../support/clock.ts'
import { arrivingName } from '../support/over-http2.ts'
import { startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const REASON = '[{"i18nKey":"invalid_parameter_value","severity":"error","subject":"timeRange"}]'

t.test('an error of the upstream becomes a problem document that keeps its status and reason', async t => {
  const headers = [
    `x-redlock-status: ${REASON}`,
    'X-Redlock-Request-Id: id-1',
    'etag: x',
    'content-language: de',
    'x-more: 1',
  ]
  const upstream = await rawUpstream(t, request => request.answer(http('400 Bad Request', headers)))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/v2/alert?secret=1', { headers: { 'x-request-id': 'mine' } })
  t.equal(reply.headers['content-type'], 'application/problem+json')
  t.strictSame(reply.json(), {
    type: '/_proxy/problems/upstream-error',
    title: 'Bad Request',
    status: 400,
    detail: 'invalid_parameter_value: timeRange',
    instance: '/v2/alert',
    requestId: 'mine',
    operation: '/v2/alert',
    retryable: false,
    message: 'invalid_parameter_value: timeRange',
    upstream: {
      host: new URL(upstream.url).host,
      status: 400,
      requestId: 'id-1',
      errors: [{ code: 'invalid_parameter_value', message: null, severity: 'error', subject: 'timeRange' }],
      body: null,
    },
  })
  t.match(reply.headers, { 'x-redlock-status': REASON, 'x-redlock-request-id': 'id-1', 'x-more': '1' })
  t.notOk('etag' in reply.headers || 'content-language' in reply.headers, 'what described the body is gone with it')
})

const details: Readonly<Record<keyof typeof errorShapes, string>> = {
  header: 'invalid_parameter_value: timeRange',
  'header-several':
    'invalid_parameter_value: timeRange; limit_exceeded: the request exceeds what the API returns at once; request less, or use pages',
  'error-object': 'BadArgument: Password is too short (password)',
  flat: 'NOT_FOUND: No such resource (resourceId)',
  'inner-error': '400 BAD_REQUEST: Invalid request (filters); UNKNOWN_FILTER',
  'inner-error-camel': '400 BAD_REQUEST: Invalid request (filters); UNKNOWN_FILTER',
  spring: 'Not Found (/x)',
  'spring-details': 'Validation failed (/x); name must not be empty; limit must be positive',
  'spring-http-status': 'Validation failed (/x); name must not be empty',
  debug: 'Malformed JSON request',
  named: 'ValidationError: Invalid input: repository is required',
  'i18n-body': 'invalid_parameter_value: timeRange',
  graphql: 'Cannot query field "x"; Syntax error',
  problem: 'The role may not do this',
  details: 'BAD_REQUEST: Invalid payload',
  compute: 'invalid scan id',
  string: 'Something is wrong with the request',
  boolean: 'The upstream returned JSON without an error message',
  array: 'first thing; second thing',
  html: 'The upstream returned an HTML page: 502 Bad Gateway',
  text: 'upstream connect error or disconnect/reset before headers',
  empty: 'The upstream returned an error without a reason',
  cut: 'The upstream returned malformed JSON',
  compressed: 'BAD_REQUEST: Invalid request (filters)',
}

t.test('every status from 400 up becomes one, whatever shape the body has', async t => {
  const { call } = await startPair(t)
  for (const [shape, detail] of Object.entries(details)) {
    const reply = await call(`/errors/${shape}?status=500`)
    t.equal(reply.status, 500, shape)
    t.match(reply.json(), { type: '/_proxy/problems/upstream-error', status: 500, retryable: true, detail }, shape)
  }
  t.match((await call('/nowhere')).json(), { status: 404, title: 'Not Found', instance: '/nowhere' })
})

t.test('a header that came several times reaches the client as often', async t => {
  const headers = ['www-authenticate: Basic', 'www-authenticate: Bearer']
  const upstream = await rawUpstream(t, request => request.answer(http('403 Forbidden', headers)))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const { rawHeaders } = await call('/x')
  t.strictSame(
    rawHeaders.filter((_, index) => rawHeaders[index - 1] === 'www-authenticate'),
    ['Basic', 'Bearer'],
  )
})

t.test('429 and 503 say when to try again', async t => {
  const { call, simulator } = await startPair(t, { config: { pacing: { enabled: false } } })
  simulator.fault({ kind: 'status', status: 429, path: '/v2/policy' })
  const limited = await call('/v2/policy')
  t.match(limited, { status: 429, headers: { 'retry-after': '1' } })
  t.match(limited.json(), { retryable: true })
  simulator.fault({ kind: 'status', status: 503, path: '/v2/policy', headers: { 'Retry-After': '7' } })
  t.match(await call('/v2/policy'), { status: 503, headers: { 'retry-after': '7' } })
})

t.test('the error to a HEAD has headers only', async t => {
  const upstream = await rawUpstream(t, request =>
    request.answer('HTTP/1.1 404 Not Found', `x-redlock-status: ${REASON}`, 'content-length: 99', '', ''),
  )
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x', { method: 'HEAD' })
  t.match(reply, { status: 404, text: '', headers: { 'x-redlock-status': REASON } })
  t.match(reply.headers['content-type'], 'application/problem+json')
})

t.test('a client that prefers text or HTML gets the problem in that form', async t => {
  const { call } = await startPair(t)
  const typed = async (accept: string) => (await call('/nowhere', { headers: { accept } })).headers
  t.match(await typed('text/plain'), { 'content-type': 'text/plain; charset=utf-8', vary: 'accept' })
  t.match(await typed('text/html'), { 'content-type': 'text/html; charset=utf-8' })
  t.match(await typed('application/json'), { 'content-type': 'application/problem+json' })
})

t.test('errors: passthrough leaves an answer as it came', async t => {
  const body = '{"message":"caf\xe9","big":12345678901234567890}'
  const headers = ['Content-Type: application/json;charset=latin1', `x-redlock-status: ${REASON}`, 'etag: "x"']
  const upstream = await rawUpstream(t, request => request.answer(http('418 Teapot', headers, body)))
  const check = (reply: { status: number; body: Buffer; rawHeaders: readonly string[] }) => {
    t.equal(reply.status, 418)
    t.equal(reply.body.toString('latin1'), body)
    t.strictSame(
      reply.rawHeaders.slice(0, 6),
      headers.flatMap(line => {
        const [name = '', value] = line.split(/: (.*)/)
        return [arrivingName(name), value]
      }),
    )
  }
  const configured = await startProxy(t, { upstream: upstream.url, config: { errors: 'passthrough' } })
  check(await configured.call('/x'))
  const asked = await startProxy(t, { upstream: upstream.url })
  check(await asked.call('/x', { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } }))
  t.notMatch(upstream.requests[1]?.head, /passthrough/)
  const back = { headers: { 'x-prismacloud-proxy-errors': 'problem' } }
  t.match((await configured.call('/x', back)).headers['content-type'], 'application/problem+json')
})

t.test('an error’s body is read up to 64 KiB, and the problem says that there was more', async t => {
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 500 Internal Server Error', 'content-length: 10000000', '', 'x'.repeat(70_000))
    await request.closed
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x')
  t.match(reply.json(), {
    status: 500,
    detail: /\(response truncated\)$/,
    upstream: { body: null },
  })
})

t.test('an error’s body that never ends is waited for two seconds', async t => {
  const clock = testClock()
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 500 Internal Server Error', 'content-length: 100', '', '{"message":')
    await request.closed
  })
  const { call } = await startProxy(t, { upstream: upstream.url, clock })
  const replying = call('/x')
  const replied = replying.then(() => true)
  await until(async () => {
    await clock.advance(100)
    return Promise.race([replied, false])
  })
  t.match((await replying).json(), { status: 500, upstream: { status: 500, body: '{"message":' } })
})

t.test('an error whose body breaks off is told nevertheless', async t => {
  const { call, simulator } = await startPair(t)
  await call('/v2/policy')
  simulator.fault({ kind: 'cut', path: '/nowhere' })
  t.match((await call('/nowhere')).json(), { status: 404, upstream: { status: 404 } })
})

t.test('an upstream that repeats the token does not bring it to the client or the log', async t => {
  const upstream = await rawUpstream(t, request => {
    const [, token = ''] = request.headers.find(([name]) => name === 'x-redlock-auth') ?? []
    const headers = [`authorization: ${token}`, `x-more: got ${token}`]
    if (request.target === '/bad')
      return request.answer(http('400 Bad Request', headers, JSON.stringify({ message: token })))
    request.answer(http('200 OK', headers.slice(0, 1)))
  })
  const { call, log } = await startProxy(t, { upstream: upstream.url })
  const bad = await call('/bad')
  t.match(bad.json(), { status: 400, detail: '[secret]' })
  t.equal(bad.headers['x-more'], 'got [secret]')
  const good = await call('/good')
  t.equal(good.status, 200)
  t.notMatch(JSON.stringify([log, bad.rawHeaders, bad.text, good.rawHeaders]), /header\.payload\.signature/)
})

t.test('a failure is worth a retry unless the request may have been done and must not be twice', async t => {
  const upstream = await rawUpstream(t, request => request.socket.destroy())
  const { call } = await startProxy(t, { upstream: upstream.url })
  const retryable = async (method: string) => (await call('/x', { method })).json()
  t.match(await retryable('POST'), { type: /upstream-unreachable/, retryable: false })
  t.match(await retryable('PATCH'), { type: /upstream-unreachable/, retryable: false })
  t.match(await retryable('GET'), { type: /upstream-unreachable/, retryable: true })
  const { call: callNobody } = await startProxy(t, { upstream: 'http://127.0.0.1:1', loginAt: upstream.url })
  t.match((await callNobody('/x', { method: 'POST' })).json(), { detail: /refuses connections/, retryable: true })
})

t.test('headers are told as what they say in UTF-8 or latin1, and passed on as their bytes', async t => {
  const utf8 = (text: string) => Buffer.from(text).toString('latin1')
  const lines: string[] = []
  const audit = { write: (line: string) => void lines.push(line) }
  let headers: string[] = []
  const upstream = await rawUpstream(t, request => request.answer(http('400 Bad Request', headers)))
  const { call, log } = await startProxy(t, { upstream: upstream.url, audit })
  const redlock = (subject: string) => `[{"i18nKey":"k","severity":"error","subject":"${subject}"}]`
  for (const [bytes, text] of [
    [utf8('Prüfung – 価格 \u{1f600}'), 'Prüfung – 価格 \u{1f600}'],
    ['caf\xe9', 'café'],
  ] as const) {
    headers = [`x-redlock-status: ${redlock(bytes)}`, `x-redlock-request-id: ${bytes}`]
    const reply = await call('/x')
    t.match(reply.json(), {
      detail: `k: ${text}`,
      message: `k: ${text}`,
      upstream: { requestId: text, errors: [{ subject: text }] },
    })
    t.match(reply.headers, { 'x-redlock-status': redlock(bytes), 'x-redlock-request-id': bytes })
    await until(() => lines.length > 0)
    t.match(JSON.parse(lines.pop() ?? ''), { upstreamRequestId: text })
    t.match(log.at(-1), { upstreamRequestId: text, msg: `GET /x 400: k: ${text}` })
    const passed = await call('/x', { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } })
    t.match(passed.headers, { 'x-redlock-status': redlock(bytes), 'x-redlock-request-id': bytes })
    await until(() => lines.length > 0)
    lines.length = 0
  }
  headers = [`x-redlock-status: ${redlock(utf8('é'))}`, `x-redlock-status: ${redlock('\xe9')}`]
  t.equal((await call('/x')).json().detail, 'k: é; k: é', 'each by itself')
  const unknown = await call('/x', { headers: { 'x-prismacloud-tenant': utf8('Zürich') } })
  t.match(unknown.json(), { detail: /Unknown tenant "Zürich"/ })
})
