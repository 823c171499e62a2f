import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { call, dial, readAll, talk } from '../support/http.ts'
import { clientOf, type ProxyOptions, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const TOKEN = 'the-token-of-ci-0'
const PATHS = ['/_proxy/livez', '/_proxy/readyz', '/_proxy/status', '/_proxy/metrics']

/** A proxy whose clients need a token, and the port of its `admin.address`. */
async function start(
  t: Test,
  { config, ...options }: Omit<ProxyOptions, 'upstream' | 'clock'> = {},
  host = '127.0.0.1',
) {
  const clients = [clientOf('ci', TOKEN), clientOf('other', 'the-token-of-other')]
  const admin = { address: '127.0.0.1:0', quit: true }
  const pair = await startPair(t, { ...options, config: { clients, admin, ...config } })
  const adminPort = Number(new URL(`${await pair.app.reports?.listen({ host, port: 0 })}`).port)
  const ask = (path: string, options?: Parameters<typeof call>[2]) => call(adminPort, path, options)
  return { ...pair, adminPort, ask, headers: { authorization: `Bearer ${TOKEN}` } }
}

t.test('without an address there is no such server', async t => {
  t.equal((await startPair(t)).app.reports, null)
})

t.test('liveness, readiness, metrics and the whole status need no token there', async t => {
  const { app, ask, call, headers } = await start(t)
  t.match(await ask('/_proxy/readyz'), { status: 503, text: /"waitingFor":\[{"tenant":"default"/ })
  await app.login()
  await call('/v2/policy', { headers })
  for (const path of PATHS) {
    t.equal((await ask(path)).status, 200, path)
    t.match(await ask(path, { method: 'HEAD' }), { status: 200, text: '' }, path)
  }
  t.match((await ask('/_proxy/status')).json(), {
    version: '1.2.3',
    tenants: { default: { session: { state: 'ready' }, counters: { requests: 1 } } },
  })
  t.match(await ask('/_proxy/metrics'), { headers: { 'content-type': /^text\/plain/ }, text: /requests_total{tenant=/ })
  t.notOk((await call('/_proxy/status', { headers })).json().tenants, 'elsewhere, only admins see it')
})

t.test('nothing else is there without inspection, and nothing is forwarded', async t => {
  const { app, ask, simulator, headers } = await start(t, { config: { inspect: { enabled: false } } })
  await app.login()
  const before = simulator.requests.length
  const others = ['/', '/v2/policy', '/_proxy/requests', '/_proxy/page/session', '/_tenant/default/v2/x']
  for (const path of [...others, '/login', '/_compute/api/v1/x', '/_proxy/livez/', '/_proxy/%6civez', '/%', '/a#b'])
    for (const method of ['GET', 'POST', 'PURGE', 'OPTIONS']) {
      const reply = await ask(path, { method, headers: { ...headers, accept: 'application/json' } })
      t.match(reply, { status: 404, headers: { 'content-type': 'application/problem+json' } }, `${method} ${path}`)
      t.match(reply.json(), {
        detail: /; this address serves only the page \/_proxy\/ and what it shows, livez, readyz, metrics and status$/,
      })
    }
  const posted = { headers: { ...headers, 'content-type': 'text/odd' }, method: 'POST', body: 'x' }
  for (const path of ['/_proxy/quit', ...PATHS]) t.equal((await ask(path, posted)).status, 404, path)
  t.equal((await ask('/v2/policy', { headers: { ...headers, host: 'default.localhost' } })).status, 404)
  t.equal(simulator.requests.length, before)
})

t.test('it is no HTTP proxy', async t => {
  const { adminPort } = await start(t)
  const head = 'HTTP/1.1\r\nhost: api2.prismacloud.io\r\nconnection: close\r\n\r\n'
  t.match(await talk(adminPort, `GET http://api2.prismacloud.io/_proxy/status ${head}`), /^HTTP\/1\.1 403 .*host-not/s)
  const socket = dial(adminPort)
  socket.write('CONNECT api2.prismacloud.io:443 HTTP/1.1\r\nhost: api2.prismacloud.io:443\r\n\r\n')
  t.match(await readAll(socket), /^HTTP\/1\.1 400 .*CONNECT is not possible here; this address serves only/s)
})

t.test('web pages are kept out, any address and trusted name is not', async t => {
  const { ask } = await start(t, { config: { listen: { trustedHosts: ['proxy.internal'] } } })
  const status = async (headers: Record<string, string>) => (await ask('/_proxy/status', { headers })).status
  for (const host of ['10.1.2.3:9090', '[2001:db8::1]', 'proxy.internal', 'localhost'])
    t.equal(await status({ host }), 200, host)
  for (const headers of [
    { host: 'rebound.example' },
    { origin: 'https://x.example' },
    { 'sec-fetch-site': 'cross-site' },
  ])
    t.equal(await status(headers), 403, JSON.stringify(headers))
  const { headers } = await ask('/_proxy/status')
  t.notOk(Object.keys(headers).some(name => name.startsWith('access-control-')))
})

t.test('its requests are not counted, and logged only where all are', async t => {
  const { ask, log } = await start(t)
  for (const path of [...PATHS, ...PATHS]) await ask(path)
  const { text } = await ask('/_proxy/metrics')
  t.match(text, /_requests_in_flight 0\n/)
  t.notMatch(text, /_requests_total{/)
  t.equal(log.filter(({ msg }) => /_proxy/.test(`${msg}`)).length, 0)
  const all = await start(t, { config: { log: { requests: 'all' } } })
  await all.ask('/_proxy/livez')
  await until(() => all.log.some(({ msg }) => msg === 'GET /_proxy/livez 200'))
})

t.test('while the proxy shuts down it says so, and is there until the end', async t => {
  const { app, adminPort, ask, call, headers, simulator } = await start(t)
  await app.login()
  simulator.fault({ kind: 'hang', path: '/v2/policy' })
  const cut = t.rejects(call('/v2/policy', { headers }))
  await until(() => simulator.requests.some(({ url }) => url.startsWith('/v2/policy')))
  const idle = dial(adminPort)
  const partly = dial(adminPort)
  partly.write('GET /_proxy/livez HTTP/1.1\r\n')
  await once(partly, 'connect')
  const closing = app.close()
  t.match(await ask('/_proxy/readyz'), { status: 503, text: /^{"ready":false,"draining":true,/ })
  for (const path of ['/_proxy/livez', '/_proxy/status', '/_proxy/metrics'])
    t.equal((await ask(path)).status, 200, path)
  t.match((await ask('/_proxy/metrics')).text, /_requests_in_flight 1\n/)
  app.server.server.closeAllConnections()
  await cut
  await closing
  await t.rejects(ask('/_proxy/livez'), { code: 'ECONNREFUSED' })
  for (const socket of [idle, partly]) await until(() => socket.closed)
})

t.test('connections beyond a hundred are refused, and malformed requests get a problem', async t => {
  const { adminPort, ask } = await start(t)
  t.match(
    await talk(adminPort, 'GET /_proxy/livez HTTP/1.1\r\nbad header\r\n\r\n'),
    /^HTTP\/1\.1 400 .*invalid-request/s,
  )
  const kept = Array.from({ length: 100 }, () => dial(adminPort))
  await Promise.all(kept.map(socket => once(socket, 'connect')))
  const reply = await ask('/_proxy/livez')
  t.match(reply, { status: 503, text: /Too many open connections; admin\.address accepts 100 at one time/ })
  kept[0]?.destroy()
  await until(async () => (await ask('/_proxy/livez')).status === 200)
  for (const socket of kept) socket.destroy()
})

t.test('it has the page, which only shows, and shows requests to those who may see them', async t => {
  const { ask, call, headers, simulator } = await start(t)
  await call('/v2/policy', { headers })
  t.match((await ask('/_proxy/', { headers: { accept: 'text/html' } })).text, '<script')
  t.match((await ask('/_proxy/page/session')).json(), { needsLogin: true, isReadOnly: true })
  t.equal((await ask('/_proxy/problems/draining')).status, 200)
  t.equal((await ask('/_proxy/requests')).status, 401)
  t.equal((await ask('/_proxy/events')).status, 401)
  t.match((await ask('/_proxy/requests', { headers })).json(), { requests: [{ target: '/v2/policy', client: 'ci' }] })
  const other = { authorization: 'Bearer the-token-of-other' }
  t.match((await ask('/_proxy/requests', { headers: other })).json(), { requests: [] })
  const { token } = (await ask('/_proxy/page/session')).json()
  const fromPage = { ...headers, 'x-prismacloud-proxy-page-token': token }
  t.equal((await ask('/_proxy/page/login', { method: 'POST', headers: fromPage })).status, 204)
  t.equal((await ask('/_proxy/page/renew?tenant=default', { method: 'POST', headers: fromPage })).status, 404)
  t.equal(simulator.counts.logins, 1)
})

t.test('without clients it shows requests only to this machine', async t => {
  const { ask, call, adminPort } = await start(t, { config: { clients: [] } }, '0.0.0.0')
  await call('/v2/policy')
  t.match((await ask('/_proxy/requests')).json(), { requests: [{ target: '/v2/policy' }] })
  const [address] = Object.values(networkInterfaces())
    .flatMap(each => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
  if (!address) return t.comment('this machine has no other address')
  const origin = `http://${address.address}:${adminPort}`
  const far = await fetch(`${origin}/_proxy/requests`)
  t.match([far.status, await far.text()], [403, /only on this machine; set clients/])
  t.equal((await fetch(`${origin}/_proxy/livez`)).status, 200)
})
