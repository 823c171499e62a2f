import t from 'tap'
import { readProxyUrl } from '../../src/config/network/proxy-url.ts'
import { faultsOf, load, VENDOR } from './support.ts'

/** The parts of a URL in canonical form: scheme, user, password, host and port. */
function partsOf(text: string): (string | undefined)[] {
  const { protocol, username, password, hostname, port } = new URL(readProxyUrl(text))
  return [protocol.slice(0, -1), ...[username, password].map(decodeURIComponent), hostname, port].map(
    part => part || undefined,
  )
}

type Maybe = string | undefined

const rows: readonly [text: string, scheme: string, host: string, port?: Maybe, user?: Maybe, password?: Maybe][] = [
  ['http://proxy:3128', 'http', 'proxy', '3128'],
  ['proxy:3128', 'http', 'proxy', '3128'],
  ['127.0.0.1:3128', 'http', '127.0.0.1', '3128'],
  ['[::1]:3128', 'http', '[::1]', '3128'],
  ['http://[::1]:3128', 'http', '[::1]', '3128'],
  ['socks5://[fd00::1]:1080', 'socks5', '[fd00::1]', '1080'],
  ['  http://proxy:3128\t\r\n', 'http', 'proxy', '3128'],
  ['HTTP://Proxy.EXAMPLE:3128', 'http', 'proxy.example', '3128'],
  ['http://proxy:3128/', 'http', 'proxy', '3128'],
  ['http://proxy:3128/a/b?c#d', 'http', 'proxy', '3128'],
  ['proxy:3128/', 'http', 'proxy', '3128'],
  ['http://proxy:', 'http', 'proxy'],
  ['http://proxy:03128', 'http', 'proxy', '3128'],
  ['https://proxy:8443', 'https', 'proxy', '8443'],
  ['socks://proxy:1080', 'socks', 'proxy', '1080'],
  ['socks5h://proxy', 'socks5h', 'proxy'],
  ['socks5h://127.1:80', 'socks5h', '127.0.0.1', '80'],
  ['http://bücher.example:3128', 'http', 'xn--bcher-kva.example', '3128'],
  ['user:secret@proxy:3128', 'http', 'proxy', '3128', 'user', 'secret'],
  ['http://user@proxy', 'http', 'proxy', undefined, 'user'],
  ['http://:secret@proxy', 'http', 'proxy', undefined, undefined, 'secret'],
  ['http://@proxy', 'http', 'proxy'],
  ['http://user:se/cret@proxy:3128', 'http', 'proxy', '3128', 'user', 'se/cret'],
  ['http://user:12/34@proxy:3128', 'http', 'proxy', '3128', 'user', '12/34'],
  ['http://user:/@proxy:3128', 'http', 'proxy', '3128', 'user', '/'],
  ['http://user:a@b/c@proxy:3128', 'http', 'proxy', '3128', 'user', 'a@b/c'],
  ['http://user:a#b?c\\d:e f@proxy:3128', 'http', 'proxy', '3128', 'user', 'a#b?c\\d:e f'],
  ['user:http://x@proxy:3128', 'http', 'proxy', '3128', 'user', 'http://x'],
  ['socks5h://us/er:p@ss@proxy:1080', 'socks5h', 'proxy', '1080', 'us/er', 'p@ss'],
  ['http://user:p%40s%2Fs@proxy', 'http', 'proxy', undefined, 'user', 'p@s/s'],
  ['http://ü:pä%C3%9F@proxy', 'http', 'proxy', undefined, 'ü', 'päß'],
]

t.test('an outbound proxy is accepted in the forms that curl and Go accept', async t => {
  for (const [text, scheme, host, port, user, password] of rows)
    t.strictSame(partsOf(text), [scheme, user, password, host, port], text)
})

t.test('the URL of an outbound proxy is in canonical form', async t => {
  t.equal(readProxyUrl(' Proxy:3128/ '), 'http://proxy:3128')
  t.equal(readProxyUrl('http://user:p@s/s@proxy:80/x'), 'http://user:p%40s%2Fs@proxy:80')
  for (const [text] of rows) t.equal(readProxyUrl(readProxyUrl(text)), readProxyUrl(text), text)
})

t.test('an invalid outbound proxy is reported with its variable, and never with a password', async t => {
  const place = /^invalid proxy URL/
  const bad: [text: string, problem: string | RegExp][] = [
    ['http://', place],
    ['http:///proxy', place],
    ['://proxy:3128', place],
    ['http://user:MARK@', place],
    ['http://user:MARK@/proxy', place],
    // curl would use port 1080, Go port 80
    ['proxy', 'has neither a scheme nor a port'],
    ['[::1]', 'has neither a scheme nor a port'],
    ['user:MARK@proxy', 'has neither a scheme nor a port'],
    ['user:MARK', place],
    ['http://user:MARK', place],
    ['MARK:proxy:3128', place],
    ['proxy:0', place],
    ['proxy:65536', place],
    ['proxy:+80', place],
    ['pro xy:3128', place],
    ['proxy,other:3128', place],
    ['[::1%lo]:3128', place],
    ['[::1:3128', place],
    ['::1:3128', place],
    ['999.1.1.1:3128', place],
    ['"http://user:MARK@proxy:3128"', place],
    ['socks4://proxy', 'has an unsupported scheme'],
    ['socks4a://user:MARK@proxy', 'has an unsupported scheme'],
    ['ftp://user:MARK@proxy', 'has an unsupported scheme'],
    ['http://user:MARK%@proxy', 'has an invalid % escape in its user or password'],
    ['http://user:MARK%zz@proxy', 'has an invalid % escape in its user or password'],
    [`socks5h://user:${'MARK'.repeat(64)}@proxy`, 'has a user or password that is too long for SOCKS'],
  ]
  for (const [text, problem] of bad) {
    for (const name of ['HTTPS_PROXY', 'all_proxy']) {
      const faults = await faultsOf({ env: { ...VENDOR, [name]: text } })
      t.match(faults, [{ key: 'upstream.proxy', origin: name, problem }], text)
      t.notMatch(JSON.stringify(faults), /MARK/)
    }
    const flagged = await faultsOf({ args: ['--upstream-proxy', text] })
    t.match(flagged, [{ key: 'upstream.proxy', origin: '--upstream-proxy', problem }], text)
    t.notMatch(JSON.stringify(flagged), /MARK/)
  }
})

t.test('the first variable that is set applies, in curl’s order', async t => {
  const origin = async (env: Record<string, string>) =>
    (await load({ env: { ...VENDOR, ...env } })).upstream.outbound?.origin
  const all = { https_proxy: 'a:1', HTTPS_PROXY: 'b:1', all_proxy: 'c:1', ALL_PROXY: 'd:1' }
  t.equal(await origin(all), 'https_proxy')
  t.equal(await origin({ HTTPS_PROXY: 'b:1', all_proxy: 'c:1', ALL_PROXY: 'd:1' }), 'HTTPS_PROXY')
  t.equal(await origin({ all_proxy: 'c:1', ALL_PROXY: 'd:1' }), 'all_proxy')
  t.equal(await origin({ ALL_PROXY: 'socks5h://d' }), 'ALL_PROXY')
  t.equal(await origin({ ...all, https_proxy: '' }), undefined, 'an empty one says that there is none')
  t.equal(await origin({ HTTP_PROXY: 'a', http_proxy: 'a' }), undefined)
})
