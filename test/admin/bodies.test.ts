import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { RequestDetails } from '../../src/inspect/record.ts'
import { type CallOptions, open } from '../support/http.ts'
import { type ProxyOptions, startPair, startProxy, type TestProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { type Handler, http, rawUpstream } from '../support/upstream.ts'

const JSON_TYPE = ['content-type: application/json']

/** A proxy before an upstream that is in the hands of the test. */
async function before(t: Test, handler: Handler, config: ProxyOptions['config'] = {}): Promise<TestProxy> {
  const upstream = await rawUpstream(t, handler)
  return startProxy(t, { upstream: upstream.url, config })
}

/** An upstream that reads the whole request, then answers. */
function answering(answer: string): Handler {
  return async request => {
    await request.body()
    request.answer(answer)
  }
}

/** The details of the latest request, once it is over. */
async function latest({ call }: Pick<TestProxy, 'call'>): Promise<RequestDetails> {
  const listed = async () => (await call('/_proxy/requests?limit=1')).json().requests[0]
  await until(async () => (await listed()).status !== null)
  return (await call(`/_proxy/requests/${(await listed()).id}`)).json()
}

/** Sends a request, and returns its details. */
async function detailsOf(proxy: TestProxy, path: string, options: CallOptions): Promise<RequestDetails> {
  await proxy.call(path, options)
  return latest(proxy)
}

const post = (body: string | Buffer, headers: Record<string, string> = {}): CallOptions => ({
  method: 'POST',
  headers,
  body,
})

t.test('the bodies of a request that failed are shown as they passed, without credentials', async t => {
  const proxy = await before(t, answering(http('400 Bad Request', JSON_TYPE, '{"error":"no"}')))
  const details = await detailsOf(proxy, '/integration', post('{"name":"a",\n "apiKey":"MARK"}'))
  t.match(details, {
    status: 400,
    requestBytes: 30,
    requestBody: { text: '{"name":"a",\n "apiKey":"[secret]"}', size: 30, isCutOff: false, note: null },
    responseBody: { text: /"type":"\/_proxy\/problems\/upstream-error"/, size: details.bytes, isCutOff: false },
  })
})

t.test('the bodies of a good request are kept only if all are wanted', async t => {
  const good = answering(http('200 OK', JSON_TYPE, '{"id":1}'))
  t.match(await detailsOf(await before(t, good), '/x', post('ab')), {
    requestBytes: 2,
    bytes: 8,
    requestBody: null,
    responseBody: null,
  })
  const all = await before(t, good, { inspect: { bodies: 'all' } })
  t.match(await detailsOf(all, '/x', post('ab')), { requestBody: { text: 'ab' }, responseBody: { text: '{"id":1}' } })
  const bad = answering(http('400 Bad Request', JSON_TYPE, '{}'))
  const off = await before(t, bad, { inspect: { bodies: 'off' } })
  t.match(await detailsOf(off, '/x', post('ab')), { requestBytes: 2, requestBody: null, responseBody: null })
})

t.test('an error that is passed through is shown as the client got it', async t => {
  const text = '{"error":"no","token":"MARK"}'
  const gzipped = gzipSync(text).toString('latin1')
  const answer = http('422 Unprocessable', [...JSON_TYPE, 'content-encoding: gzip'], '').replace(
    'content-length: 0',
    `content-length: ${gzipped.length}`,
  )
  const proxy = await before(t, answering(answer + gzipped), { errors: 'passthrough' })
  t.match(await detailsOf(proxy, '/x', post('ab')), {
    status: 422,
    bytes: gzipped.length,
    responseBody: { text: '{"error":"no","token":"[secret]"}', size: gzipped.length, note: 'decoded from gzip' },
  })
})

t.test('a compressed request is shown decompressed, and a long one cut off', async t => {
  const proxy = await before(t, answering(http('400 Bad Request')), { inspect: { maxBody: 100 } })
  const body = gzipSync('{"password":"MARK"}')
  t.match(await detailsOf(proxy, '/x', post(body, { 'content-encoding': 'gzip' })), {
    requestBody: { text: '{"password":"[secret]"}', size: body.length, note: 'decoded from gzip' },
  })
  t.match(await detailsOf(proxy, '/x', post('x'.repeat(100_000))), {
    requestBytes: 100_000,
    requestBody: { text: 'x'.repeat(100), size: 100_000, isCutOff: true },
  })
})

t.test('what had passed of a request whose client left is shown', async t => {
  const proxy = await before(t, () => {})
  const request = open(proxy.port, '/x', { method: 'POST', headers: { 'content-length': '10' } })
  request.on('error', () => {})
  request.write('abc')
  await until(async () => (await proxy.call('/_proxy/requests')).json().requests[0]?.requestBytes === 3)
  request.destroy()
  t.match(await latest(proxy), { status: 0, requestBody: { text: 'abc', size: 3 }, responseBody: null })
})

t.test('a response that breaks off is shown as far as it went', async t => {
  const proxy = await before(
    t,
    ({ answer, socket }) => {
      answer('HTTP/1.1 200 OK', 'content-length: 10', '', 'abc')
      setImmediate(() => socket.destroy())
    },
    { inspect: { bodies: 'all' } },
  )
  await t.rejects(proxy.call('/x'))
  t.match(await latest(proxy), { status: 0, bytes: 3, responseBody: { text: 'abc', size: 3 } })
})

t.test('a response from the cache is shown like any other', async t => {
  const cache = { rules: [{ path: /.*/, keepFor: 60_000 }] }
  const good = answering(http('200 OK', JSON_TYPE, '{"id":1}'))
  const proxy = await before(t, good, { cache, inspect: { bodies: 'all' } })
  await proxy.call('/v2/policy')
  t.match(await detailsOf(proxy, '/v2/policy', {}), { cache: 'hit', bytes: 8, responseBody: { text: '{"id":1}' } })
})

t.test('the bodies of a login are not kept, whatever is', async t => {
  const pair = await startPair(t, { config: { inspect: { bodies: 'all' } } })
  const login = post(JSON.stringify({ username: 'MARK-user', password: 'MARK' }))
  t.match(await detailsOf(pair, '/login', login), {
    status: 200,
    requestBytes: Number(login.body?.length),
    requestBody: null,
    responseBody: null,
  })
})

t.test('secrets that the proxy knows are masked wherever they are', async t => {
  const pair = await startPair(t, { config: { inspect: { bodies: 'all' } } })
  await pair.call('/v2/policy')
  const [, token = 'none'] =
    pair.simulator.requests.at(-1)?.headers.find(([name]) => name.toLowerCase() === 'x-redlock-auth') ?? []
  const { requestBody } = await detailsOf(pair, '/v2/policy', post(`["a", "${token.slice(0, 30)}"]`))
  t.equal(requestBody?.text, '["a", "[secret]"]')
})

t.test('lists and events have no bodies, HAR has them', async t => {
  const proxy = await before(t, answering(http('400 Bad Request')))
  await proxy.call('/x', post('{"password":"MARK","a":"shown"}'))
  await latest(proxy)
  t.notMatch((await proxy.call('/_proxy/requests')).text, /shown|Body"/)
  const har = await proxy.call('/_proxy/requests.har')
  t.match(har.json(), {
    log: { entries: [{ request: { postData: { text: '{"password":"[secret]","a":"shown"}' } } }] },
  })
  t.match(har.json().log.entries[0].response.content.text, 'upstream-error')
})

t.test('the error to a HEAD has no body', async t => {
  const proxy = await before(t, ({ answer }) => answer('HTTP/1.1 404 Not Found', '', ''))
  t.match(await detailsOf(proxy, '/x', { method: 'HEAD' }), { status: 404, bytes: 0, responseBody: null })
})
