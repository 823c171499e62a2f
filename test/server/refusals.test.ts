import t from 'tap'
import { parseRule } from '../../src/config/policy.ts'
import { type CallOptions, talk } from '../support/http.ts'
import { clientOf, type ProxyOptions, startPair, startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const TOKEN = 'a-token-of-its-own'
const SHOWN = { 'x-prismacloud-proxy-token': TOKEN }

interface Refused {
  readonly path: string
  readonly key: string
  readonly options?: CallOptions
}

/** Requests that the proxy itself rejects, at least one for each part of it. */
const refused: readonly Refused[] = [
  { path: '/x', key: 'client_unauthorized' },
  { path: '/x', key: 'host_not_allowed', options: { headers: { host: 'evil.example' } } },
  { path: '/x', key: 'origin_not_allowed', options: { headers: { origin: 'http://evil.example' } } },
  { path: '/denied', key: 'policy_denied', options: { headers: SHOWN } },
  { path: '/x', key: 'unknown_tenant', options: { headers: { ...SHOWN, 'x-prismacloud-tenant': 'é' } } },
  { path: '/x/../y', key: 'invalid_request', options: { headers: SHOWN } },
  { path: '/x', key: 'invalid_request', options: { method: 'TRACE', headers: SHOWN } },
  { path: `/${'x'.repeat(66_000)}`, key: 'invalid_request', options: { headers: SHOWN } },
  { path: '/_proxy/nowhere', key: 'invalid_request', options: { headers: SHOWN } },
]

t.test('every problem of the proxy’s own has the members that the vendor’s clients show', async t => {
  const policy = { deny: [parseRule('/denied')] }
  const { call } = await startPair(t, { config: { clients: [clientOf('ci', TOKEN)], policy } })
  for (const { path, key, options } of refused) {
    const { headers, json } = await call(path, options)
    const { detail, message, err } = json()
    t.strictSame(
      JSON.parse(`${headers['x-redlock-status']}`),
      [{ i18nKey: key, severity: 'error', subject: detail }],
      key,
    )
    t.equal(message, detail)
    t.equal(err, undefined)
  }
})

t.test('so does a problem with the connection to the upstream', async t => {
  const { url } = await rawUpstream(t, () => {})
  const { call } = await startProxy(t, { upstream: 'http://127.0.0.1:1', loginAt: url })
  const { headers, json } = await call('/x', { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } })
  t.match(JSON.parse(`${headers['x-redlock-status']}`), [{ i18nKey: 'upstream_unreachable', subject: json().detail }])
})

t.test('a problem of a request for Compute has an err, however the client selected Compute', async t => {
  const options: Omit<ProxyOptions, 'upstream'> = { config: { clients: [clientOf('ci', TOKEN)] } }
  const { call } = await startPair(t, options)
  for (const [path, host = 'localhost'] of [
    ['/_compute/api/v1/hosts'],
    ['/_tenant/default/_compute/api/v1/hosts'],
    ['/api/v1/hosts', 'compute.localhost'],
    ['/us-1-1/api/v1/hosts', 'us-east1.cloud.twistlock.com'],
  ]) {
    for (const headers of [{ host }, { host, ...SHOWN, origin: 'http://evil.example' }]) {
      const { detail, message, err } = (await call(`${path}`, { headers })).json()
      t.strictSame([message, err], [detail, detail], `${path}`)
    }
  }
})

t.test('clients of Compute show its errors', async t => {
  const compute = await rawUpstream(t, request => request.answer(http('400 Bad', [], '{"err":"bad things"}')))
  const info = http('200 OK', [], JSON.stringify({ twistlockUrl: `${compute.url}/console` }))
  const { url } = await rawUpstream(t, request => request.answer(info))
  const { call } = await startProxy(t, { upstream: url })
  const reply = await call('/_compute/api/v1/hosts')
  t.match(reply.json(), { status: 400, detail: 'bad things', message: 'bad things', err: 'bad things' })
  t.equal(reply.headers['x-redlock-status'], undefined, 'what the upstream did not say is not said in its name')
})

t.test('x-redlock-status of the upstream is forwarded unchanged', async t => {
  const said = '[{"i18nKey":"a", "severity":"error","subject":"caf\xc3\xa9 \xe9"}]'
  const upstream = await rawUpstream(t, request => request.answer(http('400 Bad', [`X-Redlock-Status: ${said}`])))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const headers of [{}, { 'x-prismacloud-proxy-errors': 'passthrough' }])
    t.equal((await call('/x', { headers })).headers['x-redlock-status'], said)
})

t.test('problems without a request have x-redlock-status too', async t => {
  const { port } = await startPair(t)
  const full = await startPair(t, { config: { listen: { maxConnections: 0 } } })
  const malformed = await talk(port, 'GET /x HTTP/1.1\r\nhost: localhost\r\n: bad\r\n\r\n')
  const connect = await talk(port, 'CONNECT x.example:443 HTTP/1.1\r\nhost: x.example:443\r\n\r\n')
  for (const [answer, key] of [
    [malformed, 'invalid_request'],
    [connect, 'invalid_request'],
    [await talk(full.port, ''), 'overloaded'],
  ] as const) {
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    const { detail, message, err } = JSON.parse(body)
    const status = /^x-redlock-status: (.*)$/m.exec(head)?.[1]
    t.strictSame(JSON.parse(`${status}`), [{ i18nKey: key, severity: 'error', subject: detail }])
    t.strictSame([message, err], [detail, detail])
  }
})
