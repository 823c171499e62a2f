import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { startSimulator } from '../../src/simulator/index.ts'
import { testClock } from '../support/clock.ts'
import { inDays, issue, makeCa } from '../support/pki.ts'
import { startPair, startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** Starts a simulator with TLS and a certificate for these names, and writes the file of its CA. */
async function secure(t: Test, names: readonly string[], notAfter?: Date) {
  const ca = await makeCa()
  const clock = testClock()
  const tls = await issue(ca, { names, ...(notAfter && { notAfter }) })
  const simulator = await startSimulator({ clock, tls, host: 'localhost' })
  t.teardown(() => simulator.close())
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  return { url: simulator.url, caFile, clock }
}

const by = (url: string, noProxy = '') => ({ url, origin: 'upstream.proxy', noProxy })

/** Starts an outbound proxy for CONNECT, and notes the requested hosts. */
async function outboundProxy(t: Test) {
  const hosts: string[] = []
  const server = createServer().on('connect', (asked, client) => {
    hosts.push(asked.url ?? '')
    const [host = '', port = ''] = (asked.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    for (const socket of [client, upstream]) socket.on('error', () => {})
    t.teardown(() => {
      client.destroy()
      upstream.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { hosts, url: urlOf(server) }
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('an upstream with a certificate of an unknown CA fails, with the reason', async t => {
  const { url } = await secure(t, ['localhost'])
  const { url: loginAt } = await rawUpstream(t, () => {})
  const { call } = await startProxy(t, { upstream: url, loginAt })
  const reply = await call('/x')
  t.equal(reply.status, 502)
  t.match(reply.json(), { type: '/_proxy/problems/upstream-unreachable', detail: /not signed by a known authority/ })
})

t.test('a CA of upstream.caFile is trusted in addition to the system’s', async t => {
  const { url, caFile, clock } = await secure(t, ['localhost'])
  const { call } = await startProxy(t, { upstream: url, clock, config: { upstream: { caFile } } })
  t.equal((await call('/v2/policy')).status, 200)
})

t.test('an expired certificate, or one for another name, is rejected', async t => {
  const { url: loginAt } = await rawUpstream(t, () => {})
  const other = await secure(t, ['other.example'])
  const misnamed = await startProxy(t, { upstream: other.url, loginAt, config: { upstream: { caFile: other.caFile } } })
  t.match((await misnamed.call('/x')).json(), { status: 502, detail: /belongs to another name/ })
  const old = await secure(t, ['localhost'], inDays(-0.5))
  const expired = await startProxy(t, { upstream: old.url, loginAt, config: { upstream: { caFile: old.caFile } } })
  t.match((await expired.call('/x')).json(), { status: 502, detail: /has expired/ })
})

t.test('https upstreams are reached through an outbound proxy, and their certificates are still verified', async t => {
  const { url, caFile, clock } = await secure(t, ['localhost'])
  const outbound = await outboundProxy(t)
  const upstream = { caFile, outbound: by(outbound.url) }
  const { call } = await startProxy(t, { upstream: url, clock, config: { upstream } })
  t.equal((await call('/v2/policy')).status, 200)
  t.strictSame(new Set(outbound.hosts), new Set([new URL(url).host]))
  const { url: loginAt } = await rawUpstream(t, () => {})
  const unknown = { upstream: url, loginAt, config: { upstream: { outbound: by(outbound.url) } } }
  t.match((await (await startProxy(t, unknown)).call('/x')).json().detail, /not signed by a known authority/)
})

t.test('a failing outbound proxy is named', async t => {
  const { url: loginAt } = await rawUpstream(t, () => {})
  const asking = createServer().on('connect', (_asked, client) =>
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'),
  )
  asking.listen(0, '127.0.0.1')
  await once(asking, 'listening')
  t.teardown(() => asking.close())
  const detail = async (proxy: string) => {
    const config = { upstream: { outbound: by(proxy) } }
    const { call } = await startProxy(t, { upstream: 'https://api.example', loginAt, config })
    const reply = await call('/x')
    t.equal(reply.json().type, '/_proxy/problems/upstream-unreachable')
    return reply.json().detail
  }
  const { host } = new URL(urlOf(asking))
  t.match(await detail(urlOf(asking)), `The outbound proxy ${host} requires a valid user and password`)
  t.match(await detail('http://127.0.0.1:1'), 'The outbound proxy failed: 127.0.0.1:1 refuses connections')
})

t.test('repeated headers arrive unchanged through an outbound proxy, too', async t => {
  const ca = await makeCa()
  const { url, requests } = await rawUpstream(t, request => request.answer(http('200 OK')))
  const front = createTlsServer(await issue(ca, { names: ['localhost'] }), socket =>
    socket.pipe(connect(Number(new URL(url).port), '127.0.0.1')).pipe(socket),
  ).listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.teardown(() => front.close())
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const upstream = { caFile, outbound: by((await outboundProxy(t)).url) }
  const { port } = front.address() as AddressInfo
  const proxy = await startProxy(t, { upstream: `https://localhost:${port}`, config: { upstream } })
  t.equal((await proxy.call('/x', { headers: ['X-A', '1', 'x-b', '2', 'X-A', '3'] })).status, 200)
  const sent = requests[0]?.headers.filter(([name]) => /^x-[ab]$/i.test(name))
  t.strictSame(sent, [
    ['X-A', '1'],
    ['x-b', '2'],
    ['X-A', '3'],
  ])
})

t.test('upstreams in NO_PROXY are reached directly', async t => {
  const { url, caFile, clock } = await secure(t, ['localhost'])
  const upstream = { caFile, outbound: by('http://127.0.0.1:1', 'localhost') }
  const { call } = await startProxy(t, { upstream: url, clock, config: { upstream } })
  t.equal((await call('/v2/policy')).status, 200)
})

t.test('the environment is read only once', async t => {
  process.env.HTTPS_PROXY = 'http://127.0.0.1:1'
  t.teardown(() => delete process.env.HTTPS_PROXY)
  const { url, caFile, clock } = await secure(t, ['localhost'])
  const { call } = await startProxy(t, { upstream: url, clock, config: { upstream: { caFile } } })
  t.equal((await call('/v2/policy')).status, 200)
})

t.test('an http upstream, which is on this machine, is reached without a proxy', async t => {
  process.env.HTTP_PROXY = 'http://127.0.0.1:1'
  t.teardown(() => delete process.env.HTTP_PROXY)
  const { call } = await startPair(t, { config: { upstream: { outbound: by('http://127.0.0.1:1') } } })
  t.equal((await call('/v2/policy')).status, 200)
})
