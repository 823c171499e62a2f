import t from 'tap'
import { type Admission, admit, admitToReports, type Facts, isBlindRequest } from '../../src/guard/admit.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { ProblemName } from '../../src/problem/catalogue.ts'

const FACTS: Facts = {
  hosts: ['localhost:9080'],
  proxiedHost: undefined,
  localAddress: '127.0.0.1',
  isSecure: false,
  headers: {},
  token: undefined,
}
const OPEN: Admission = {
  trustedHosts: ['proxy.internal', '[fd00::1]'],
  isServedHost: host => host === 'api2.prismacloud.io',
  needsNone: false,
  clients: [],
  loggedIn: token => (token === 'logged-in' ? new Secret('MARK-other').fingerprint : undefined),
}
const LOCKED: Admission = {
  ...OPEN,
  clients: [
    { name: 'ci', token: new Secret('MARK-token') },
    { name: 'dashboard', token: new Secret('MARK-other') },
  ],
}

type Row = [title: string, facts: Partial<Facts>, refusal?: ProblemName]

const host = (name: string): Partial<Facts> => ({ hosts: [name] })
const at = (localAddress: string | undefined, name: string): Partial<Facts> => ({ localAddress, hosts: [name] })
const from = (origin: string): Partial<Facts> => ({ headers: { origin } })
const site = (secFetchSite: string): Partial<Facts> => ({ headers: { 'sec-fetch-site': secFetchSite } })

const byHost: Row[] = [
  ['localhost', host('localhost')],
  ['localhost with a port', host('localhost:9080')],
  ['localhost in any case', host('LocalHost')],
  ["a tenant's name under localhost", host('prod.localhost:9080')],
  ['localhost as a whole name of the DNS', host('localhost.:9080')],
  ["a tenant's name under that", host('prod.localhost.')],
  ['127.0.0.1', host('127.0.0.1:9080')],
  ['any address of 127.0.0.0/8', host('127.1.2.3')],
  ['the IPv6 loopback address', host('[::1]:9080')],
  ['the address at which it arrived', at('192.0.2.7', '192.0.2.7:9080')],
  ['the IPv4 address at which it arrived on an IPv6 socket', at('::ffff:192.0.2.7', '192.0.2.7')],
  ['the IPv6 address at which it arrived', at('2001:db8::7', '[2001:db8::7]:9080')],
  ['the IPv6 address at which it arrived, in any case', at('2001:db8::a', '[2001:DB8::A]')],
  ['the IPv6 address at which it arrived, though it looks mapped', at('::ffff:1:2:3', '[::ffff:1:2:3]')],
  ['the link-local address at which it arrived', at('fe80::1%eth0', '[fe80::1]')],
  ['localhost at a Unix socket', at(undefined, 'localhost')],
  ['a trusted name', host('proxy.internal')],
  ['a trusted name in any case, with any port', host('Proxy.Internal:80')],
  ['a trusted IPv6 address', host('[fd00::1]:9080')],
  ['no Host', { hosts: [] }, 'host-not-allowed'],
  ['an empty Host', host(''), 'host-not-allowed'],
  ['two Hosts', { hosts: ['localhost', 'localhost'] }, 'host-not-allowed'],
  ['a foreign name (DNS rebinding)', host('evil.example:9080'), 'host-not-allowed'],
  ['a name that only begins as localhost', host('localhost.evil.example'), 'host-not-allowed'],
  ['a name that only ends as localhost', host('evillocalhost'), 'host-not-allowed'],
  ['a name that only ends as localhost.', host('evillocalhost.'), 'host-not-allowed'],
  ['nothing before .localhost', host('.localhost'), 'host-not-allowed'],
  ['localhost with two dots', host('localhost..'), 'host-not-allowed'],
  ['a name that only begins as 127.0.0.1', host('127.0.0.1.evil.example'), 'host-not-allowed'],
  ['a short form of 127.0.0.1', host('127.1'), 'host-not-allowed'],
  ['127.0.0.1 as one number', host('2130706433'), 'host-not-allowed'],
  ['0.0.0.0', host('0.0.0.0'), 'host-not-allowed'],
  ['an address of the machine at which it did not arrive', at('192.0.2.7', '192.0.2.8'), 'host-not-allowed'],
  ['a mapped form of the address', at('::ffff:192.0.2.7', '[::ffff:192.0.2.7]'), 'host-not-allowed'],
  ['another name at a Unix socket', at(undefined, 'evil.example'), 'host-not-allowed'],
  ['a name under a trusted one', host('a.proxy.internal'), 'host-not-allowed'],
  ['a list', host('localhost, localhost'), 'host-not-allowed'],
  ['a user', host('localhost@evil.example'), 'host-not-allowed'],
  ['a path', host('localhost/x'), 'host-not-allowed'],
  ['a scheme', host('http://localhost'), 'host-not-allowed'],
  ['white space', host('local host'), 'host-not-allowed'],
  ['a port that is not a number', host('localhost:http'), 'host-not-allowed'],
  ['a line end', host('localhost\n'), 'host-not-allowed'],
]

const proxied = (proxiedHost: string, hosts = [proxiedHost]): Partial<Facts> => ({ proxiedHost, hosts })

const byProxiedHost: Row[] = [
  ['the API of a tenant', proxied('api2.prismacloud.io')],
  ['the API of a tenant, whatever Host says', proxied('api2.prismacloud.io', ['evil.example'])],
  ['this proxy itself', proxied('localhost:9080')],
  ['another host', proxied('evil.example'), 'host-not-allowed'],
  ['another host, though Host says localhost', proxied('evil.example', ['localhost']), 'host-not-allowed'],
  ['a name with a user', proxied('user@api2.prismacloud.io'), 'host-not-allowed'],
  ['no host', proxied(''), 'host-not-allowed'],
  ['the API of a tenant, with two Hosts', proxied('api2.prismacloud.io', ['a', 'b']), 'host-not-allowed'],
  ['the API of a tenant, with no Host', proxied('api2.prismacloud.io', []), 'host-not-allowed'],
  [
    'the API of a tenant, from its own page',
    { ...proxied('a.example'), ...from('http://a.example') },
    'host-not-allowed',
  ],
  [
    'the API of a tenant, from a page that it has',
    { ...proxied('api2.prismacloud.io'), ...from('http://api2.prismacloud.io') },
    'origin-not-allowed',
  ],
  ['the API of a tenant, in Host alone', host('api2.prismacloud.io'), 'host-not-allowed'],
]

const byPage: Row[] = [
  ['no Origin and no Sec-Fetch-Site, as programs send it', {}],
  ['its own origin', from('http://localhost:9080')],
  ['its own origin over TLS', from('https://localhost:9080')],
  ['another port', from('http://localhost:3000'), 'origin-not-allowed'],
  ['another name of the same machine', from('http://127.0.0.1:9080'), 'origin-not-allowed'],
  ['another site', from('https://evil.example'), 'origin-not-allowed'],
  ['the opaque origin null', from('null'), 'origin-not-allowed'],
  ['an empty Origin', from(''), 'origin-not-allowed'],
  ['two origins', from('http://localhost:9080, https://evil.example'), 'origin-not-allowed'],
  ['Sec-Fetch-Site same-origin', site('same-origin')],
  ['Sec-Fetch-Site none, as typed into the address bar', site('none')],
  ['Sec-Fetch-Site same-site', site('same-site'), 'origin-not-allowed'],
  ['Sec-Fetch-Site cross-site', site('cross-site'), 'origin-not-allowed'],
  ['an unknown Sec-Fetch-Site', site('elsewhere'), 'origin-not-allowed'],
  ['an empty Sec-Fetch-Site', site(''), 'origin-not-allowed'],
  [
    'its own origin but cross-site',
    { headers: { origin: 'http://localhost:9080', 'sec-fetch-site': 'cross-site' } },
    'origin-not-allowed',
  ],
]

const byToken: Row[] = [
  ['the token', { token: 'MARK-token' }],
  ['the token of another client', { token: 'MARK-other' }],
  ['no token', {}, 'client-unauthorized'],
  ['an empty token', { token: '' }, 'client-unauthorized'],
  ['a wrong token', { token: 'MARK-Token' }, 'client-unauthorized'],
  ['the token and more', { token: 'MARK-token ' }, 'client-unauthorized'],
  ['the token at a foreign name', { token: 'MARK-token', ...host('evil.example') }, 'host-not-allowed'],
  ['the token from a page of another origin', { token: 'MARK-token', ...from('null') }, 'origin-not-allowed'],
]

const CHROMIUM = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const POWERSHELL = 'Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.4.0'
const HOME = 'http://proxy.internal:9080'

/** A request to a host for which browsers do not identify the page. */
const named = (headers: Facts['headers'], hosts = ['proxy.internal:9080']): Partial<Facts> => ({
  hosts,
  headers: { host: `${hosts[0]}`, ...headers },
})
const inBrowser = { 'user-agent': FIREFOX, 'accept-language': 'en-US,en;q=0.5' }
const language = (value: string) => ({ 'accept-language': value })
const agent = (value: string) => ({ 'user-agent': value })
const refusedBrowser = (title: string, facts: Partial<Facts>): Row => [title, facts, 'origin-not-allowed']

const byBrowser: Row[] = [
  refusedBrowser('an image in Firefox', named(inBrowser)),
  refusedBrowser('a navigation in Chromium', named({ ...agent(CHROMIUM), 'upgrade-insecure-requests': '1' })),
  refusedBrowser('languages that the page chose', named({ ...agent('Mozilla/5.0'), ...language('*') })),
  refusedBrowser('languages that the page left empty', named({ ...agent('Mozilla/5.0'), ...language('') })),
  refusedBrowser('no languages', named(agent(CHROMIUM))),
  refusedBrowser(
    'Safari',
    named(agent('Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15')),
  ),
  refusedBrowser('Internet Explorer', named(agent('Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko'))),
  refusedBrowser('a User-Agent that its user changed', named({ ...agent('x'), ...language('de') })),
  refusedBrowser('no User-Agent', named(language('de'))),
  refusedBrowser('a handshake for a WebSocket', named({ 'sec-websocket-key': 'x' })),
  refusedBrowser('a prefetch', named({ 'sec-purpose': 'prefetch' })),
  refusedBrowser('upgrade-insecure-requests alone', named({ 'upgrade-insecure-requests': '1' })),
  refusedBrowser('a page that it has', named({ origin: HOME })),
  refusedBrowser('Sec-Fetch-Site none', named({ 'sec-fetch-site': 'none' })),
  refusedBrowser('Sec-Fetch-Site same-origin', named({ ...inBrowser, 'sec-fetch-site': 'same-origin' })),
  refusedBrowser('Referer of another page', named({ referer: 'http://evil.example/' })),
  refusedBrowser('Referer that is no URL', named({ referer: 'x' })),
  refusedBrowser('a browser at its own address', {
    ...named(inBrowser, ['192.0.2.7:9080']),
    localAddress: '192.0.2.7',
  }),
  refusedBrowser('a browser at a trusted address', named(inBrowser, ['[fd00::1]:9080'])),
  refusedBrowser('a browser at a Unix socket', { ...named(inBrowser), localAddress: undefined }),
  refusedBrowser('a browser, in absolute form', {
    ...named(inBrowser, ['api2.prismacloud.io']),
    proxiedHost: 'api2.prismacloud.io',
  }),
  refusedBrowser('a browser, in absolute form for localhost', {
    ...named(inBrowser, ['localhost:9080']),
    proxiedHost: 'localhost:9080',
  }),
  refusedBrowser('a browser at localhost.', named(inBrowser, ['localhost.:9080'])),
  refusedBrowser('a browser at prod.localhost.', named(inBrowser, ['prod.localhost.'])),
  [
    'a browser at localhost. that identifies the page',
    named({ ...inBrowser, 'sec-fetch-site': 'none' }, ['localhost.']),
  ],
  ['a browser at localhost', named(inBrowser, ['localhost:9080'])],
  ['a browser at 127.0.0.1', named(inBrowser, ['127.0.0.1:9080'])],
  ['a browser by TLS', { ...named({ ...inBrowser, 'sec-fetch-site': 'none' }), isSecure: true }],
  ['curl', named({ ...agent('curl/8.5.0'), accept: '*/*' })],
  ['PowerShell', named(agent(POWERSHELL))],
  ['PowerShell 5.1', named(agent('Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.4391'))],
  ['WinHTTP', named(agent('Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)'))],
  ['fetch of Node.js', named({ ...agent('node'), ...language('*'), 'sec-fetch-mode': 'cors', accept: '*/*' })],
  ['Python requests', named({ ...agent('python-requests/2.32.3'), 'accept-encoding': 'gzip, deflate' })],
  ['Postman', named({ ...agent('PostmanRuntime/7.43.0'), 'cache-control': 'no-cache', 'postman-token': 'x' })],
  ['Java', named({ ...agent('Java/17.0.2'), accept: 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2' })],
  ['Go', named(agent('Go-http-client/1.1'))],
  ['Go behind a redirect', named({ ...agent('Go-http-client/1.1'), referer: `${HOME}/first` })],
  ['curl behind a redirect at a name in capitals', named({ referer: `${HOME}/first` }, ['Proxy.Internal:9080'])],
  ['no headers at all', named({})],
]

const withTokens: Row[] = [
  ['a browser at a trusted name, and the token', { ...named(inBrowser), token: 'MARK-token' }],
  ['a browser at a trusted name, and no token', named(inBrowser), 'client-unauthorized'],
]

const tables: [what: string, admission: Admission, rows: Row[]][] = [
  ['a request for', OPEN, byHost],
  ['a request in absolute form for', OPEN, byProxiedHost],
  ['a request with', OPEN, byPage],
  ['if no token is required, a request with', OPEN, byBrowser],
  ['if a token is required, a request with', LOCKED, [...byToken, ...withTokens]],
]

for (const [what, admission, rows] of tables) {
  for (const [title, facts, refusal] of rows) {
    t.test(`${what} ${title} is ${refusal ? `refused: ${refusal}` : 'admitted'}`, async t => {
      const verdict = admit({ ...FACTS, ...facts }, admission)
      if (refusal === undefined) t.equal(verdict.admitted, true)
      else t.match(verdict, { admitted: false, problem: refusal, detail: /\w/ })
      t.notMatch(JSON.stringify(verdict), /MARK/)
    })
  }
}

t.test('if no token is required, any token is admitted', async t => {
  t.strictSame(admit({ ...FACTS, token: 'whatever' }, OPEN), { admitted: true, client: null })
})

t.test('if the request needs no token, a valid one names the client, and any other is ignored', async t => {
  const needsNone = { ...LOCKED, needsNone: true }
  t.strictSame(admit({ ...FACTS, token: 'MARK-token' }, needsNone), { admitted: true, client: 'ci' })
  t.strictSame(admit({ ...FACTS, token: 'wrong' }, needsNone), { admitted: true, client: null })
  t.strictSame(admit(FACTS, needsNone), { admitted: true, client: null })
})

t.test('the token identifies the client', async t => {
  t.strictSame(admit({ ...FACTS, token: 'MARK-token' }, LOCKED), { admitted: true, client: 'ci' })
  t.strictSame(admit({ ...FACTS, token: 'MARK-other' }, LOCKED), { admitted: true, client: 'dashboard' })
  t.strictSame(admit({ ...FACTS, token: 'logged-in' }, LOCKED), { admitted: true, client: 'dashboard' })
})

t.test('the detail says what to do', async t => {
  t.match(admit({ ...FACTS, hosts: ['x.example'] }, OPEN), { detail: /x\.example.*listen\.trustedHosts/ })
  t.match(admit(FACTS, LOCKED), { detail: /Authorization: Bearer/ })
  t.match(admit({ ...FACTS, ...named(inBrowser) }, OPEN), {
    detail: /to proxy\.internal; use https or localhost, or set listen\.clientTokenFile or clients$/,
  })
})

t.test('a request is blind if it is from a browser that does not identify the page', async t => {
  const rows: [facts: Partial<Facts>, isBlind: boolean][] = [
    [named(inBrowser), true],
    [named(inBrowser, ['localhost:9080']), false],
    [{ ...named(inBrowser), isSecure: true }, false],
    [named(agent('curl/8.5.0')), false],
    [named(inBrowser, ['']), false],
  ]
  for (const [facts, isBlind] of rows) t.equal(isBlindRequest({ ...FACTS, ...facts }), isBlind)
})

const byReader: Row[] = [
  ['localhost', host('localhost:9090')],
  ['the address at which it arrived', at('192.0.2.7', '192.0.2.7:9090')],
  ['an address of a machine in front', at('192.0.2.7', '203.0.113.9')],
  ['an IPv6 address of a machine in front', at('192.0.2.7', '[2001:db8::7]:9090')],
  ['a trusted name', host('proxy.internal')],
  ['a socket', at(undefined, 'localhost')],
  ['the page of the same origin', { headers: { origin: 'http://localhost:9080' } }],
  ['a browser that says nothing of the page', { ...host('10.0.0.1'), headers: { 'user-agent': 'Mozilla/5.0 Gecko' } }],
  ['another name (DNS rebinding)', host('evil.example'), 'host-not-allowed'],
  ['something like an address', host('127.0.0.1.evil.example'), 'host-not-allowed'],
  ['an address as one number', host('2130706433'), 'host-not-allowed'],
  ['no Host', { hosts: [] }, 'host-not-allowed'],
  ['two Hosts', { hosts: ['localhost', 'localhost'] }, 'host-not-allowed'],
  ['an API through it as an HTTP proxy', { proxiedHost: 'api2.prismacloud.io' }, 'host-not-allowed'],
  ['an address through it as an HTTP proxy', { proxiedHost: '203.0.113.9' }, 'host-not-allowed'],
  ['a page of another origin', from('https://evil.example'), 'origin-not-allowed'],
  ['a page of no origin', from('null'), 'origin-not-allowed'],
  ['a page of another site', site('cross-site'), 'origin-not-allowed'],
  ['a page of another origin of the site', site('same-site'), 'origin-not-allowed'],
]

for (const [title, facts, refusal] of byReader)
  t.test(`reports: ${title}: ${refusal ?? 'admitted'}`, async t => {
    const verdict = admitToReports({ ...FACTS, ...facts }, OPEN)
    t.match(verdict, refusal ? { admitted: false, problem: refusal } : { admitted: true, client: null })
  })
