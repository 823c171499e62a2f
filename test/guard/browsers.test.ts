import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import t from 'tap'
import { readIdentity } from '../../src/tls/identity.ts'
import { readAll, talk } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { clientOf, startPair } from '../support/proxy.ts'

const TRUSTED = { listen: { trustedHosts: ['proxy.test'] } }
const BROWSER = ['user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0']
const PROGRAM = ['user-agent: curl/8.5.0']

const head = (target: string, host: string, lines: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, `host: ${host}`, 'connection: close', ...lines, '', ''].join('\r\n')

t.test('if no token is required, a browser is served only at loopback names', async t => {
  const { port, simulator } = await startPair(t, { config: TRUSTED })
  const api = simulator.url
  const rows: [target: string, host: string][] = [
    ['/v2/policy', 'proxy.test'],
    ['/_proxy/status', 'proxy.test'],
    ['/v2/policy', 'localhost.'],
    [`${api}/v2/policy`, new URL(api).host],
    [`http://proxy.test/v2/policy`, 'proxy.test'],
  ]
  for (const [target, host] of rows) {
    const refused = await talk(port, head(target, host, BROWSER))
    t.match(refused, /^HTTP\/1\.1 403 .*origin-not-allowed.*listen\.clientTokenFile or clients/s, `${host} ${target}`)
    t.equal(simulator.requests.length, 0)
  }
  for (const [target, host] of rows) t.match(await talk(port, head(target, host, PROGRAM)), /^HTTP\/1\.1 200 /)
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    t.match(await talk(port, head('/v2/policy', host, BROWSER)), /^HTTP\/1\.1 200 /, host)
})

t.test('over TLS a browser is served at any name, because it identifies the page', async t => {
  const ca = await makeCa()
  const { cert, key } = await issue(ca, { names: ['proxy.test'] })
  const identity = readIdentity(cert, key)
  const certificates = { trust: null, forHost: () => undefined, read: async () => identity }
  const { app } = await startPair(t, { config: TRUSTED, certificates })
  const url = await app.front?.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(`${url}`).port)
  const ask = async (...lines: string[]) => {
    const socket = connectSecurely({ host: '127.0.0.1', port, servername: 'proxy.test', ca: ca.cert })
    await once(socket, 'secureConnect')
    socket.write(head('/v2/policy', 'proxy.test', [...BROWSER, ...lines]))
    return readAll(socket)
  }
  t.match(await ask('sec-fetch-site: none'), /^HTTP\/1\.1 200 /)
  t.match(await ask('sec-fetch-site: cross-site'), /^HTTP\/1\.1 403 /)
})

t.test('a browser that does not identify the page is not challenged for the token, but may send it', async t => {
  const clients = [clientOf('ci', 'the-token-of-ci-0')]
  const { port } = await startPair(t, { config: { ...TRUSTED, clients } })
  const challenge = async (host: string, lines: string[]) =>
    /^HTTP\/1\.1 401 .*\r\nwww-authenticate: (.*?)\r\n/s.exec(await talk(port, head('/v2/policy', host, lines)))?.[1]
  t.equal(await challenge('proxy.test', BROWSER), 'Bearer')
  t.equal(await challenge('proxy.test', PROGRAM), 'Bearer, Basic')
  t.equal(await challenge('localhost', BROWSER), 'Bearer, Basic')
  const shown = [...BROWSER, 'authorization: Bearer the-token-of-ci-0']
  t.match(await talk(port, head('/v2/policy', 'proxy.test', shown)), /^HTTP\/1\.1 200 /)
})

t.test('proxy credentials of a browser do not count for a page', async t => {
  const clients = [clientOf('ci', 'the-token-of-ci-0')]
  const { port, simulator } = await startPair(t, { config: { clients } })
  const { host } = new URL(simulator.url)
  const shown = `proxy-authorization: Basic ${Buffer.from('any:the-token-of-ci-0').toString('base64')}`
  const ask = (lines: string[]) => talk(port, head(`${simulator.url}/v2/policy`, host, [...lines, shown]))
  t.match(await ask(BROWSER), /^HTTP\/1\.1 401 .*\r\nwww-authenticate: Bearer\r\n/s)
  t.equal(simulator.requests.length, 0)
  t.match(await ask(PROGRAM), /^HTTP\/1\.1 200 /)
})

t.test('no browser is served at the address that other machines reach', async t => {
  const { app, simulator } = await startPair(t)
  // a loopback address is a loopback name itself
  const { server } = app.server
  const { port } = server.address() as AddressInfo
  server.prependListener('request', ({ socket }) => {
    Object.defineProperty(socket, 'localAddress', { value: '192.0.2.7' })
  })
  t.match(await talk(port, head('/v2/policy', `192.0.2.7:${port}`, BROWSER)), /^HTTP\/1\.1 403 .*origin-not-allowed/s)
  t.equal(simulator.requests.length, 0)
  t.match(await talk(port, head('/v2/policy', `192.0.2.7:${port}`, PROGRAM)), /^HTTP\/1\.1 200 /)
})
