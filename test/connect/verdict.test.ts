import t from 'tap'
import { type ConnectFacts, type ConnectPolicy, judgeConnect } from '../../src/connect/verdict.ts'

const POLICY: ConnectPolicy = {
  others: 'refuse',
  isServedHost: host => host === 'api2.prismacloud.io' || host === 'gateway.example:8443',
  isCertified: host => host === 'api2.prismacloud.io',
}
const TUNNEL: ConnectPolicy = { ...POLICY, others: 'tunnel' }
const OPEN: Omit<ConnectFacts, 'target'> = { token: 'missing', needsToken: false }
const [API, OTHER] = ['api2.prismacloud.io:443', 'example.com:443']

t.test('API hosts are served, other hosts are tunnelled if configured', async t => {
  const rows: [facts: ConnectFacts, policy: ConnectPolicy, action: 'serve' | 'tunnel'][] = [
    [{ ...OPEN, target: API }, POLICY, 'serve'],
    [{ ...OPEN, target: API }, TUNNEL, 'serve'],
    [{ token: 'missing', needsToken: true, target: API }, POLICY, 'serve'],
    [{ token: 'valid', needsToken: true, target: API }, POLICY, 'serve'],
    [{ ...OPEN, target: OTHER }, TUNNEL, 'tunnel'],
    [{ token: 'valid', needsToken: true, target: OTHER }, TUNNEL, 'tunnel'],
    [{ ...OPEN, target: 'api2.prismacloud.io:8443' }, TUNNEL, 'tunnel'],
  ]
  for (const [facts, policy, action] of rows) t.match(judgeConnect(facts, policy), { action }, JSON.stringify(facts))
})

t.test('everything else is refused', async t => {
  const rows: [facts: ConnectFacts, policy: ConnectPolicy, status: number, detail: RegExp][] = [
    [{ ...OPEN, target: '/v2/policy' }, POLICY, 400, /a host and port/],
    [
      { ...OPEN, target: OTHER },
      POLICY,
      403,
      /^example\.com is not an API host of a tenant; set connect\.others: tunnel/,
    ],
    [
      { ...OPEN, target: 'gateway.example:8443' },
      TUNNEL,
      403,
      /^The local CA cannot issue a certificate for gateway\.example:8443;/,
    ],
    [{ token: 'wrong', needsToken: true, target: API }, TUNNEL, 407, /HTTPS_PROXY=http:/],
    [{ token: 'wrong', needsToken: true, target: OTHER }, TUNNEL, 407, /HTTPS_PROXY=http:/],
    [{ token: 'missing', needsToken: true, target: OTHER }, TUNNEL, 407, /HTTPS_PROXY=http:/],
  ]
  for (const [facts, policy, status, detail] of rows)
    t.throws(() => judgeConnect(facts, policy), { name: 'Problem', status, detail }, JSON.stringify(facts))
})
