import t from 'tap'
import { type ConnectFacts, type ConnectPolicy, judgeConnect } from '../../src/connect/verdict.ts'
import { httpsHost, parseAuthority } from '../../src/http/host-port.ts'

t.test('a host and port are read, and nothing else', async t => {
  t.strictSame(parseAuthority('api2.prismacloud.io:443'), { host: 'api2.prismacloud.io', port: 443 })
  t.strictSame(parseAuthority('API2.Prismacloud.IO:8443'), { host: 'api2.prismacloud.io', port: 8443 })
  t.strictSame(parseAuthority('[2001:db8::1]:443'), { host: '[2001:db8::1]', port: 443 })
  for (const [target, host] of [
    ['127.1:80', '127.0.0.1'],
    ['2130706433:80', '127.0.0.1'],
    ['0x7f000001:80', '127.0.0.1'],
    ['0X7F.1:80', '127.0.0.1'],
    ['0177.0.0.1:80', '127.0.0.1'],
    ['127.0.0.1.:80', '127.0.0.1'],
    ['0:80', '0.0.0.0'],
    ['[::FFFF:127.0.0.1]:80', '[::ffff:7f00:1]'],
    ['[0:0:0:0:0:0:0:1]:80', '[::1]'],
    ['LocalHost.:080', 'localhost.'],
  ] as const)
    t.strictSame(parseAuthority(target), { host, port: 80 }, target)
  for (const target of [
    '',
    'x',
    'x:',
    ':443',
    'x:0',
    'x:65536',
    'x:443/',
    'user@x:443',
    'http://x:443',
    'x y:443',
    '/x:443',
    '999.1.1.1:443',
    '[:::]:443',
    '[::1%lo]:443',
    '[::1%25lo]:443',
    '::1:443',
    '%31%32%37.0.0.1:443',
    '１２７.0.0.1:443',
    'loc\u00adalhost:443',
    'x.0x7f:443',
    'x:+80',
    'x: 80',
    'x:80 ',
    'x:-1',
    'x:0x50',
    'x:000080',
  ])
    t.equal(parseAuthority(target), undefined, target)
  t.equal(httpsHost({ host: 'x', port: 443 }), 'x')
  t.equal(httpsHost({ host: 'x', port: 8443 }), 'x:8443')
})

const POLICY: ConnectPolicy = {
  others: 'refuse',
  isServedHost: host => host === 'api2.prismacloud.io' || host === 'gateway.example:8443',
  isCertified: host => host === 'api2.prismacloud.io',
}
const TUNNEL: ConnectPolicy = { ...POLICY, others: 'tunnel' }
const OPEN: Omit<ConnectFacts, 'target'> = { client: 'unnamed', needsToken: false }
const [API, OTHER] = ['api2.prismacloud.io:443', 'example.com:443']

t.test('API hosts are served, others are let through where that is said', async t => {
  const rows: [facts: ConnectFacts, policy: ConnectPolicy, way: 'serve' | 'tunnel'][] = [
    [{ ...OPEN, target: API }, POLICY, 'serve'],
    [{ ...OPEN, target: API }, TUNNEL, 'serve'],
    [{ client: 'unnamed', needsToken: true, target: API }, POLICY, 'serve'],
    [{ client: 'known', needsToken: true, target: API }, POLICY, 'serve'],
    [{ ...OPEN, target: OTHER }, TUNNEL, 'tunnel'],
    [{ client: 'known', needsToken: true, target: OTHER }, TUNNEL, 'tunnel'],
    [{ ...OPEN, target: 'api2.prismacloud.io:8443' }, TUNNEL, 'tunnel'],
  ]
  for (const [facts, policy, way] of rows) t.match(judgeConnect(facts, policy), { way }, JSON.stringify(facts))
})

t.test('all else is refused', async t => {
  const rows: [facts: ConnectFacts, policy: ConnectPolicy, status: number, detail: RegExp][] = [
    [{ ...OPEN, target: '/v2/policy' }, POLICY, 400, /a host and port/],
    [{ ...OPEN, target: OTHER }, POLICY, 403, /example\.com: it is no API host of a tenant \(connect\.others: tunnel/],
    [{ ...OPEN, target: 'gateway.example:8443' }, TUNNEL, 403, /gateway\.example:8443: the local CA cannot vouch/],
    [{ client: 'unknown', needsToken: true, target: API }, TUNNEL, 407, /HTTPS_PROXY=http:/],
    [{ client: 'unknown', needsToken: true, target: OTHER }, TUNNEL, 407, /HTTPS_PROXY=http:/],
    [{ client: 'unnamed', needsToken: true, target: OTHER }, TUNNEL, 407, /HTTPS_PROXY=http:/],
  ]
  for (const [facts, policy, status, detail] of rows)
    t.throws(() => judgeConnect(facts, policy), { name: 'Problem', status, detail }, JSON.stringify(facts))
})
