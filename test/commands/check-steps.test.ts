import type { PeerCertificate } from 'node:tls'
import t from 'tap'
import { describeApi } from '../../src/commands/check/api.ts'
import { judgeClock } from '../../src/commands/check/clock.ts'
import { lookUp, systemResolve } from '../../src/commands/check/names.ts'
import { findWay } from '../../src/commands/check/outbound.ts'
import { judgePeer, reach } from '../../src/commands/check/reach.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { OutboundProxy } from '../../src/config/network/outbound.ts'
import { startSimulator } from '../../src/simulator/index.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { settle, testClock } from '../support/clock.ts'
import { makeConfig } from '../support/proxy.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const NOON = Date.UTC(2026, 0, 1, 12)
const DIRECT = { proxy: null }

t.test('a clock is judged by how far and in which direction it is off', async t => {
  const rows: [ahead: number, mark: string, text: string | RegExp][] = [
    [0, 'good', 'in sync with api.test'],
    [60 * SECOND, 'good', 'in sync with api.test'],
    [61 * SECOND, 'bad', /clock is 61 seconds ahead of api\.test; synchronize it \(Linux: /],
    [-61 * SECOND, 'bad', /clock is 61 seconds behind api\.test/],
    [7 * 60 * SECOND, 'bad', /7 minutes ahead/],
    [-3 * HOUR, 'bad', /3 hours behind/],
    [400 * 24 * HOUR, 'bad', /400 days ahead/],
    [Number.NaN, 'skipped', 'api.test sends no Date header'],
  ]
  for (const [ahead, mark, text] of rows) {
    t.match(judgeClock({ local: NOON + ahead, remote: NOON }, 'api.test').finding, { label: 'clock', mark, text })
  }
})

t.test('the url is told as it was understood', async t => {
  const rows = [
    ['app2', 'stack app2, API https://api2.prismacloud.io'],
    ['app2.prismacloud.io/home', 'console of stack app2, using its API https://api2.prismacloud.io'],
    ['https://api.eu.prismacloud.io', 'API https://api.eu.prismacloud.io of stack app.eu'],
    ['https://gateway.corp/prisma/', 'custom API https://gateway.corp/prisma'],
  ] as const
  for (const [typed, text] of rows) {
    t.same(describeApi(resolveApi(typed)), { label: 'url', mark: 'good', text })
  }
})

/** The step that finds the way to an API where an outbound proxy is set, or none. */
function way(outbound: Partial<OutboundProxy> | null, url = 'app2') {
  const upstream = {
    outbound: outbound && { url: 'http://proxy:3128', origin: 'HTTPS_PROXY', noProxy: '', ...outbound },
  }
  return findWay(resolveApi(url), makeConfig({ upstream: url, config: { upstream } }).upstream)
}

t.test('the way to an API leads by the outbound proxy, whose password is not shown', async t => {
  t.equal(way(null).finding.text, 'none: direct connections')
  t.equal(way({}).finding.text, 'http://proxy:3128, from HTTPS_PROXY')
  t.equal(
    way({ url: 'socks5://own:1080', origin: 'upstream.proxy' }).finding.text,
    'socks5://own:1080, from upstream.proxy',
  )
  for (const user of ['user:hunter2', ':hunter2', 'hunter2'])
    t.equal(way({ url: `http://${user}@proxy` }).finding.text, 'http://***@proxy, from HTTPS_PROXY')
  t.equal(way({}, 'http://localhost:1').finding.text, 'none: the API is on this machine')
})

t.test('NO_PROXY exempts hosts, with all below them', async t => {
  const rows: [noProxy: string, isExempt: boolean][] = [
    ['api2.prismacloud.io', true],
    ['API2.prismacloud.io:443', true],
    ['api2.prismacloud.io:8443', false],
    ['other, prismacloud.io', true],
    ['.prismacloud.io', true],
    ['*.prismacloud.io', true],
    ['ismacloud.io', false],
    ['*', true],
    ['*,other', true],
    [',', false],
    ['', false],
  ]
  for (const [noProxy, isExempt] of rows) {
    const { finding, value } = way({ url: 'http://p', noProxy })
    t.equal(value?.proxy === null, isExempt, noProxy)
    t.equal(finding.text.startsWith('none: NO_PROXY exempts api2.prismacloud.io from http://p'), isExempt)
  }
  t.equal(way({ noProxy: 'gateway.corp:8443' }, 'https://gateway.corp:8443').value?.proxy, null)
  t.equal(way({ noProxy: ' , ' }, 'https://gateway.corp.').finding.text, 'http://proxy:3128, from HTTPS_PROXY')
})

t.test('a lookup tells every address, of an IPv6 one without its brackets', async t => {
  const resolve = async (name: string) => [name, '192.0.2.1']
  const how = { resolve, clock: testClock(), timeout: SECOND }
  const { finding } = await lookUp(resolveApi('https://[::1]'), DIRECT, how)
  t.same(finding, { label: 'DNS', mark: 'good', text: '::1 resolves to ::1, 192.0.2.1' })
  t.same(await systemResolve('127.0.0.1'), ['127.0.0.1'])
})

t.test('a lookup that takes too long is given up', async t => {
  const clock = testClock()
  const never = () => new Promise<never>(() => {})
  const step = lookUp(resolveApi('app2'), DIRECT, { resolve: never, clock, timeout: SECOND })
  await clock.advance(SECOND)
  t.match((await step).finding, {
    mark: 'bad',
    text: /^no DNS server answered for api2\.prismacloud\.io in time; check/,
  })
})

t.test('a host that takes the request and never answers is given up', async t => {
  const clock = testClock()
  const simulator = await startSimulator({ clock })
  t.teardown(() => simulator.close())
  simulator.fault({ kind: 'hang' })
  const env = { PC_URL: simulator.url, PC_IDENTITY: 'id', PC_SECRET: 'secret' }
  const config = await loadConfig({ args: [], env, homeDirectory: '/nonexistent' })
  const step = reach(resolveApi(simulator.url), config, clock)
  while (simulator.requests.length === 0) await settle()
  await clock.advance(config.session.callTimeout)
  t.match((await step).finding, { label: 'TLS', mark: 'bad', text: /did not respond in time$/ })
})

t.test('a certificate is told with who vouches for it, and whether that is upstream.caFile’s doing', async t => {
  const certificate = {
    subject: { CN: 'api.test' },
    issuer: { O: 'Tests', CN: 'Root' },
    valid_to: 'Dec 31 23:59:59 2199 GMT',
  } as PeerCertificate
  const peer = { authorized: true, protocol: 'TLSv1.3', certificate }
  const [secure, plain] = [resolveApi('https://api.test'), resolveApi('http://localhost:1')]
  const verified = 'verified, TLSv1.3, certificate of api.test issued by Tests, Root, valid until 2199-12-31'
  const good = { finding: { label: 'TLS', mark: 'good', text: verified }, value: 1 }
  t.same(judgePeer(secure, peer, null, 1), good)
  const { finding } = judgePeer(secure, peer, '/ca.pem', 1)
  t.match(
    finding.text,
    new RegExp(`^${verified}; upstream\\.caFile /ca\\.pem is trusted in addition to Node\\.js's CAs$`),
  )
  const nameless = { ...certificate, subject: {}, subjectaltname: 'DNS:*.test' } as PeerCertificate
  t.match(
    judgePeer(secure, { ...peer, certificate: nameless }, null, 1).finding.text,
    'certificate of DNS:*.test issued by',
  )
  t.match(judgePeer(plain, undefined, null, 1), { finding: { mark: 'good', text: 'none: plain http to this machine' } })
})

t.test('what the connection does not say to be verified is not told as verified', async t => {
  const target = resolveApi('https://api.test:8443')
  const peer = { authorized: false, protocol: 'TLSv1.3', certificate: {} as PeerCertificate }
  for (const seen of [peer, undefined]) {
    const { finding, value } = judgePeer(target, seen, null, 1)
    t.match(finding, {
      label: 'TLS',
      mark: 'bad',
      text: /^the connection to api\.test:8443 was not verified; this is a bug, please report it$/,
    })
    t.equal(value, undefined)
  }
})
