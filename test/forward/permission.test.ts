import t from 'tap'
import { arrivingName } from '../support/over-http2.ts'
import { startProxy } from '../support/proxy.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const EXTENDED = http(
  '200 OK',
  ['content-type: application/json'],
  JSON.stringify({ token: 'header.payload.extended' }),
)

/** An upstream that extends sessions and answers all else with 401. */
function refusing(headers: readonly string[], body: string) {
  return (request: RawRequest) =>
    request.answer(request.target === '/auth_token/extend' ? EXTENDED : http('401 Unauthorized', headers, body))
}

const targets = (requests: readonly RawRequest[]) => requests.map(({ target }) => target)

t.test('a 401 whose body names a permission costs no call', async t => {
  for (const body of [
    '{"i18nKey":"unauthorized_access","statusCode":401}',
    '{"error":{"code":"unauthorized_access"}}',
  ]) {
    const upstream = await rawUpstream(t, refusing(['content-type: application/json'], body))
    const { call } = await startProxy(t, { upstream: upstream.url })
    t.match((await call('/x')).json(), { status: 401, upstream: { errors: [{ code: 'unauthorized_access' }] } })
    t.strictSame(targets(upstream.requests), ['/x'])
    t.equal(upstream.logins.length, 1)
  }
})

t.test('a 401 whose body names the token costs a login', async t => {
  const upstream = await rawUpstream(t, refusing(['content-type: application/json'], '{"message":"Token expired"}'))
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.equal((await call('/x')).status, 401)
  t.strictSame(targets(upstream.requests), ['/x', '/x'])
  t.equal(upstream.logins.length, 2)
})

t.test('a 401 without a reason costs an extension, no login, and that once a minute', async t => {
  const upstream = await rawUpstream(t, refusing([], ''))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const replayed of ['1', undefined, undefined]) {
    const reply = await call('/x')
    t.equal(reply.status, 401)
    t.equal(reply.headers['x-prismacloud-proxy-replayed'], replayed)
  }
  t.strictSame(targets(upstream.requests), ['/x', '/auth_token/extend', '/x', '/x', '/x'])
  t.equal(upstream.logins.length, 1)
})

t.test('a 401 that is the client’s reaches it as it came where that is asked for', async t => {
  const upstream = await rawUpstream(t, refusing(['X-Odd: Kept', 'content-type: text/odd'], 'caf\xe9 {'))
  const { call } = await startProxy(t, { upstream: upstream.url, config: { errors: 'passthrough' } })
  const [first, second, head] = [await call('/x'), await call('/x'), await call('/x', { method: 'HEAD' })]
  for (const reply of [first, second]) {
    t.match(reply, { status: 401, headers: { 'x-odd': 'Kept', 'content-type': 'text/odd', 'content-length': '6' } })
    t.strictSame(reply.body, Buffer.from('caf\xe9 {', 'latin1'))
    t.equal(reply.rawHeaders.includes(arrivingName('X-Odd')), true)
  }
  t.match(head, { status: 401, text: '', headers: { 'content-length': '6' } })
})

t.test('one that is cut never looks complete', async t => {
  const upstream = await rawUpstream(t, request => {
    if (request.target === '/auth_token/extend') return request.answer(EXTENDED)
    request.answer('HTTP/1.1 401 Unauthorized\r\ncontent-length: 10\r\n\r\nhalf')
    request.socket.end()
  })
  const { call } = await startProxy(t, { upstream: upstream.url, config: { errors: 'passthrough' } })
  await t.rejects(call('/x'), { code: 'ECONNRESET' })
  await t.rejects(call('/x'), { code: 'ECONNRESET' })
})

t.test('a token of which nobody can tell what it is worth is tried once more', async t => {
  const answers = [http('200 OK'), http('401 Unauthorized'), http('200 OK')]
  const upstream = await rawUpstream(t, request =>
    request.answer((request.target === '/x' ? answers.shift() : undefined) ?? http('503 Service Unavailable')),
  )
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.equal((await call('/x')).status, 200)
  t.match(await call('/x'), { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.strictSame(targets(upstream.requests), ['/x', '/x', '/auth_token/extend', '/x'])
})
