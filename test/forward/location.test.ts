import t from 'tap'
import { localLinks, localLocation, type UpstreamBase } from '../../src/forward/headers/location.ts'
import { talk } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const api = 'https://api2.prismacloud.io'
const PLAIN: UpstreamBase = { origin: api, basePath: '', prefix: '', apiTarget: '/v2/alert?x' }
const BASED: UpstreamBase = { ...PLAIN, basePath: '/base' }
const PREFIXED: UpstreamBase = { ...BASED, prefix: '/_tenant/two' }

t.test('a location of the tenant’s own leads back through the proxy to the same tenant', async t => {
  const rows = [
    [PLAIN, `${api}/v2/policy?x#y`, '/v2/policy?x#y'],
    [PLAIN, api, '/'],
    [PLAIN, 'HTTPS://API2.prismacloud.io:443/x', '/x'],
    [PLAIN, '//api2.prismacloud.io/x', '/x'],
    [PLAIN, '//api2.prismacloud.io?x', '/?x'],
    [PLAIN, 'https://user:password@api2.prismacloud.io/x', '/x'],
    [PLAIN, '/v2/policy', '/v2/policy'],
    [PLAIN, '/v2/a|b', '/v2/a|b'],
    [PLAIN, '/M\xc3\xbcller?M\xfcller', '/M\xc3\xbcller?M\xfcller'],
    [PLAIN, `${api}/M\xc3\xbcller?M\xfcller`, '/M%C3%BCller?M%FCller'],
    [BASED, `${api}/base/v2/policy`, '/v2/policy'],
    [BASED, '/base/v2/policy', '/v2/policy'],
    [BASED, '/base', '/'],
    [BASED, '/base?x', '/?x'],
    [BASED, '/other/../base/x', '/x'],
    [PREFIXED, `${api}/base/v2/policy`, '/_tenant/two/v2/policy'],
    [PREFIXED, '/base', '/_tenant/two/'],
    [PREFIXED, '/base//x', '/_tenant/two//x'],
  ] as const
  for (const [home, location, expected] of rows) t.equal(localLocation(location, home), expected, location)
})

t.test('what leads there as it came is left so', async t => {
  const locations = ['', 'relative', '../policy', '?limit=1', '#x', './a:b']
  for (const home of [PLAIN, BASED, PREFIXED])
    for (const location of locations) t.equal(localLocation(location, home), location)
})

t.test('a location that climbs out of what is the tenant’s leads where it was meant to', async t => {
  const rows = [
    [PREFIXED, '../../v2/policy', `${api}/v2/policy`],
    [PREFIXED, '../../base/x', '/_tenant/two/x'],
    [BASED, '../../v2/policy', `${api}/v2/policy`],
    [{ ...PREFIXED, basePath: '' }, '../../../v2/policy', '/_tenant/two/v2/policy'],
    [BASED, '/base/../v2/policy', `${api}/v2/policy`],
    [PLAIN, '/_tenant/two/v2/policy', `${api}/_tenant/two/v2/policy`],
    [PLAIN, '/_proxy/quit', `${api}/_proxy/quit`],
    [PLAIN, '../_compute?x', `${api}/_compute?x`],
    [{ ...PLAIN, apiTarget: '/x' }, '_tenant/two/x', `${api}/_tenant/two/x`],
    [PREFIXED, '/base/_compute/x', `${api}/base/_compute/x`],
    [PLAIN, '/_proxyx', '/_proxyx'],
  ] as const
  for (const [home, location, expected] of rows) t.equal(localLocation(location, home), expected, location)
})

t.test('any other is left as it is, but made whole where it would mean this proxy', async t => {
  const rows = [
    ['https://elsewhere.example/base/x', 'https://elsewhere.example/base/x'],
    ['https://elsewhere.example', 'https://elsewhere.example'],
    ['https://user@elsewhere.example/x', 'https://user@elsewhere.example/x'],
    [`${api}.example/base`, `${api}.example/base`],
    ['//elsewhere.example/x', 'https://elsewhere.example/x'],
    ['http://api2.prismacloud.io/x', 'http://api2.prismacloud.io/x'],
    [`${api}:8443/base`, `${api}:8443/base`],
    [`${api}:x/base`, `${api}:x/base`],
    ['mailto:a@b.example', 'mailto:a@b.example'],
    ['httpx://a/b', 'httpx://a/b'],
    ['/other', `${api}/other`],
    ['/basement', `${api}/basement`],
    [`${api}/other`, `${api}/other`],
  ] as const
  for (const [location, expected] of rows) t.equal(localLocation(location, PREFIXED), expected, location)
})

t.test('whatever a browser makes of it, a location leads to this proxy or where the upstream meant', async t => {
  const paths = [
    '',
    '/x',
    '//evil.example/x',
    '///evil.example',
    '/\\evil.example/x',
    '/.//evil.example',
    '/..//evil.example',
  ]
  const locations = [
    ...['', '/base', '/base/..', '/base/.', '/base/%2e%2e', '/x', '.', '..', 'x/..'].flatMap(start =>
      paths.map(path => start + path),
    ),
    ...paths.flatMap(path => [api + path, `HTTPS://API2.PrismaCloud.io${path}`, `//api2.prismacloud.io${path}`]),
    ...paths.flatMap(path => [`https://me@api2.prismacloud.io${path}`, `${api}/base${path}`, `${api}/base\\${path}`]),
    ...paths.flatMap(path => [`https:${path}`, `https:/${path}`, `http:${path}`, `http:/${path}`, `https:x${path}`]),
    ...[
      '\\\\evil.example',
      '\\evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      '\t//evil.example',
      ' //evil.example',
    ],
    ...[
      '\x01//evil.example',
      '/\x01/evil.example',
      '\x1f\\\\evil.example',
      '/\n/evil.example',
      '/\r\n\\evil.example/',
      '\0/\\evil.example',
    ],
    ...[
      'https:/\\evil.example',
      'https:\\\\evil.example',
      'https:evil.example',
      'http:evil.example',
      'ht\ttps://evil.example',
    ],
    ...[
      'https:///evil.example',
      'https:////evil.example/',
      '/////evil.example',
      '/%2f/evil.example',
      '/%5cevil.example',
      '//%65vil.example',
    ],
    ...[
      'https://api2.prismacloud.io@evil.example/',
      'https://api2.prismacloud.io\\@evil.example/',
      'https://evil.example\\@api2.prismacloud.io/',
    ],
    ...[
      'https://api2.prismacloud.io:443@evil.example/',
      'https://api2.prismacloud.io#@evil.example/',
      'https://api2.prismacloud.io?@evil.example',
    ],
    ...[
      '//user:pass@evil.example/x',
      'https://api2.prismacloud.io./x',
      'https://api2\xe3\x80\x82prismacloud.io/x',
      '//[::1]/x',
      'http://[',
      '//:80',
    ],
    ...[
      'javascript:alert(1)',
      'data:text/html,x',
      'blob:https://api2.prismacloud.io/x',
      'file:///x',
      'ws://api2.prismacloud.io/x',
      '?//evil',
      '#//evil',
    ],
  ]
  const homes = [
    PLAIN,
    BASED,
    PREFIXED,
    { ...PLAIN, prefix: '/_compute' },
    { ...PLAIN, apiTarget: '//x//y' },
    { ...BASED, prefix: '/base' },
  ]
  const plain = homes.map(home => ({ ...home, origin: 'http://127.0.0.1:8080' }))
  const origin = (text: string, base: string) => (URL.canParse(text, base) ? new URL(text, base).origin : 'none')
  for (const home of [...homes, ...plain]) {
    for (const each of locations) {
      const location = each.replaceAll(api, home.origin)
      const local = localLocation(location, home)
      const meant = origin(location, home.origin + home.basePath + home.apiTarget)
      for (const here of ['http://127.0.0.1:9080', 'https://localhost:9443', 'http://prod.localhost:9080']) {
        for (const path of [home.prefix + home.apiTarget, '/some/path']) {
          const leads = origin(local, here + path)
          const facts = `${JSON.stringify(location)} → ${JSON.stringify(local)} leads to ${leads}, not ${meant}`
          if (leads !== meant && leads !== here) t.fail(facts)
          // nor to it where another was meant
          if (leads === here && meant !== home.origin && meant !== 'none') t.fail(facts)
        }
      }
      if (meant !== 'none') t.notMatch(local, /^[/\\]{2}|[\\\0-\x20]/, `${JSON.stringify(location)} is plain to all`)
    }
  }
})

t.test('links lead where locations do', async t => {
  const link = `<${api}/base/x?page=2>; rel="next", </base/x>; rel=first, <//elsewhere.example/x>; rel="a", <y>;rel=b`
  const expected =
    '</_tenant/two/x?page=2>; rel="next", </_tenant/two/x>; rel=first, <https://elsewhere.example/x>; rel="a", <y>;rel=b'
  t.equal(localLinks(link, PREFIXED), expected)
  for (const other of ['', 'x', '<', '<x', '>', '<<a>']) t.equal(localLinks(other, PREFIXED), other)
})

t.test('a client that follows a redirect stays with its tenant', async t => {
  const upstream = await rawUpstream(t, request => {
    const isFirst = request.target === '/base/first'
    const led = ['location: /base/second', 'content-location: /base/third', 'link: </base/fourth>; rel=next']
    request.answer(isFirst ? http('302 Found', led) : http('200 OK', [], request.target))
  })
  const tenants = { default: {}, two: { url: `${upstream.url}/base` } }
  const { call } = await startProxy(t, { upstream: upstream.url, tenants })
  const { headers } = await call('/_tenant/two/first')
  t.match(headers, { 'content-location': '/_tenant/two/third', link: '</_tenant/two/fourth>; rel=next' })
  t.equal(headers.location, '/_tenant/two/second')
  t.equal((await call(String(headers.location))).text, '/base/second')
})

t.test('who takes the proxy for its own stays below the API’s path', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('302 Found', ['location: /base/second'])))
  const { port } = await startProxy(t, { upstream: `${upstream.url}/base` })
  const target = `${upstream.url}/base/first`
  const text = await talk(port, `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  t.match(text, '\r\nlocation: /base/second\r\n')
})
