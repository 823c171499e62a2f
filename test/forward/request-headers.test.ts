import t, { type Test } from 'tap'
import { pairsOf } from '../../src/http/raw-headers.ts'
import { talk } from '../support/http.ts'
import { arrivingName, IS_OVER_HTTP2 } from '../support/over-http2.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const TOKEN = 'header.payload.signature'

async function start(t: Test) {
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    request.answer(http('200 OK'))
  })
  const proxy = await startProxy(t, { upstream: upstream.url })
  /** The headers with which a request arrives, in their order. */
  const arriving = async (headers: readonly string[], path = '/v2/policy') => {
    await proxy.call(path, { headers })
    return upstream.requests.at(-1)?.headers ?? []
  }
  return { upstream, arriving, port: proxy.port }
}

t.test('the token goes where each API expects it', async t => {
  const { arriving } = await start(t)
  const carried = async (path: string) =>
    (await arriving([], path)).filter(([name]) => ['authorization', 'x-redlock-auth'].includes(name))
  t.strictSame(await carried('/v2/policy'), [['x-redlock-auth', TOKEN]])
  t.strictSame(await carried('/codex'), [['x-redlock-auth', TOKEN]])
  t.strictSame(await carried('/x?/code/'), [['x-redlock-auth', TOKEN]])
  const spellings = ['/%63ode/api', '//code/api', '/Code/api', '/code%2Fapi', '/code;v=1/api', '/code%23x']
  const plain = ['/code/api/v1/x', '/code', '/code?x', '/bridgecrew/api/v1/x', '/_tenant/default/code/api']
  for (const path of [...plain, ...spellings]) {
    t.strictSame(await carried(path), [['authorization', TOKEN]], path)
  }
})

t.test('what the client sends arrives in the same order and case', async t => {
  const { arriving } = await start(t)
  const headers = ['X-One', '1', 'x-TWO', 'a', 'Accept', '*/*', 'x-two', 'b', 'User-Agent', 'curl/8', 'X-Empty', '']
  const arrived = await arriving(headers)
  // Node.js puts those of the same name together over HTTP/2
  const order = (pairs: (readonly [string, string])[]) => (IS_OVER_HTTP2 ? pairs.sort() : pairs)
  const sent = pairsOf([...headers, 'x-redlock-auth', TOKEN]).map(
    ([name, value]) => [arrivingName(name), value] as const,
  )
  t.strictSame(order(arrived.slice(2) as [string, string][]), order(sent as [string, string][]))
  t.strictSame(
    arrived.slice(0, 2).map(([name]) => name),
    ['host', 'connection'],
  )
})

t.test('bytes above ASCII in a header arrive as they are', async t => {
  const { arriving } = await start(t)
  t.equal((await arriving(['x-name', 'M\xfcller \xff'])).find(([name]) => name === 'x-name')?.[1], 'M\xfcller \xff')
})

t.test('what is no business of the upstream’s stays here', async t => {
  const { upstream, port } = await start(t)
  const headers = [
    ...['authorization', 'Bearer own', 'Cookie', 'a=b', 'X-Redlock-Auth', 'own', 'x-prismacloud-proxy-token', 'own'],
    ...['Forwarded', 'for=1', 'from', 'me@example', 'referer', 'http://localhost/', 'via', '1.1 x'],
    ...['x-real-ip', '1', 'X-Forwarded-For', '1', 'x-forwarded-host', '1', 'x-prismacloud-tenant', 'default'],
    ...['sec-fetch-mode', 'cors', 'sec-fetch-site', 'none', 'sec-ch-ua', 'x', 'access-control-request-method', 'GET'],
    ...[
      'keep-alive',
      'timeout=1',
      'proxy-authorization',
      'Basic x',
      'proxy-connection',
      'keep-alive',
      'te',
      'trailers',
    ],
    ...['trailer', 'x-t', 'upgrade', 'h2c', 'proxy-authenticate', 'x', 'x-stays', 'yes'],
    ...['Connection', 'close, X-Hop', 'x-hop', '1', 'connection', 'x-redlock-auth, x-hip', 'X-Hip', '2'],
  ]
  const lines = headers.map((part, index) => (index % 2 === 0 ? `${part}: ` : `${part}\r\n`))
  t.match(await talk(port, `GET /x HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n`), /^HTTP\/1\.1 200 /)
  const arrived = upstream.requests[0]?.headers ?? []
  t.strictSame(
    arrived.map(([name]) => name.toLowerCase()),
    ['host', 'connection', 'x-stays', 'x-redlock-auth'],
  )
  t.strictSame(Object.fromEntries(arrived), {
    host: new URL(upstream.url).host,
    connection: 'keep-alive',
    'x-stays': 'yes',
    'x-redlock-auth': TOKEN,
  })
})

t.test(
  'what could have another path or method read goes no further, nor what is written with _ to pass for it',
  async t => {
    const { arriving } = await start(t)
    const names = [
      ...['X-Original-URL', 'X-Rewrite-URL', 'X-Original-URI', 'X-Request-URI', 'X-Rewrite-Uri', 'X-Override-URL'],
      ...['X-Forwarded-Uri', 'X-Forwarded-Path', 'X-Forwarded-Prefix', 'X-Forwarded-Method', 'X-Envoy-Original-Path'],
      ...['X-Original-Method', 'X-Original-Path', 'X-Path-Info', 'Path-Info', 'X-Script-Name', 'X-HTTP-Path-Override'],
      ...['Request-Uri', 'Base-Url', 'Uri', 'Url', 'X-Http-DestinationUrl', 'X-Proxy-Url', 'X-Method', 'X-Http-Verb'],
    ]
    const hidden = [
      ...['X_Redlock_Auth', 'Proxy_Authorization', 'X_Forwarded_For', 'Sec_Fetch_Site', 'Transfer_Encoding'],
      ...['X-Prismacloud_Proxy_Token', 'Content_Length', 'Content_Type', 'Keep_Alive', 'X_Real-Ip'],
    ]
    const value = (name: string) => (/method|verb/i.test(name) ? 'GET' : '/login')
    const spelt = names.flatMap(name => [name, name.toLowerCase(), name.replaceAll('-', '_'), name.replace('-', '_')])
    const headers = [...spelt, ...hidden].flatMap(name => [name, value(name)])
    const arrived = await arriving([...headers, 'x-stays', 'yes', 'x_stays_too', 'yes'])
    t.strictSame(
      arrived.map(([name]) => name.toLowerCase()),
      ['host', 'connection', 'x-stays', 'x_stays_too', 'x-redlock-auth'],
    )
  },
)

t.test('the origin of a page of the proxy itself is not told', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const proxy = await startProxy(t, { upstream: upstream.url })
  const { status } = await proxy.call('/x', { headers: { origin: `http://localhost:${proxy.port}` } })
  t.equal(status, 200)
  t.notMatch(upstream.requests[0]?.head, /origin/i)
})
