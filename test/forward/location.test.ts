import t from 'tap'
import { localLocation } from '../../src/forward/location.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const api = 'https://api2.prismacloud.io'

t.test('a location of the tenant’s own leads back through the proxy to the same tenant', async t => {
  const plain = { api, basePath: '', prefix: '' }
  const based = { api, basePath: '/base', prefix: '' }
  const prefixed = { api, basePath: '/base', prefix: '/_tenant/two' }
  const rows = [
    [plain, `${api}/v2/policy?x#y`, '/v2/policy?x#y'],
    [plain, api, '/'],
    [plain, 'HTTPS://API2.prismacloud.io:443/x', '/x'],
    [plain, '//api2.prismacloud.io/x', '/x'],
    [plain, '//api2.prismacloud.io?x', '/?x'],
    [plain, '/v2/policy', '/v2/policy'],
    [based, `${api}/base/v2/policy`, '/v2/policy'],
    [based, '/base/v2/policy', '/v2/policy'],
    [based, '/base', '/'],
    [based, '/base?x', '/?x'],
    [prefixed, `${api}/base/v2/policy`, '/_tenant/two/v2/policy'],
    [prefixed, '/base', '/_tenant/two/'],
  ] as const
  for (const [home, location, expected] of rows) t.equal(localLocation(location, home), expected, location)
})

t.test('any other is left as it is, but made whole where it would mean this proxy', async t => {
  const home = { api, basePath: '/base', prefix: '/_tenant/two' }
  const rows = [
    ['https://elsewhere.example/base/x', 'https://elsewhere.example/base/x'],
    [`${api}.example/base`, `${api}.example/base`],
    ['//elsewhere.example/x', '//elsewhere.example/x'],
    ['http://api2.prismacloud.io/x', 'http://api2.prismacloud.io/x'],
    [`${api}:8443/base`, `${api}:8443/base`],
    [`${api}:x/base`, `${api}:x/base`],
    ['relative', 'relative'],
    ['/other', `${api}/other`],
    ['/basement', `${api}/basement`],
    [`${api}/other`, `${api}/other`],
  ] as const
  for (const [location, expected] of rows) t.equal(localLocation(location, home), expected, location)
})

t.test('a client that follows a redirect stays with its tenant', async t => {
  const upstream = await rawUpstream(t, request => {
    const isFirst = request.target === '/base/first'
    request.answer(isFirst ? http('302 Found', ['location: /base/second']) : http('200 OK', [], request.target))
  })
  const tenants = { default: {}, two: { url: `${upstream.url}/base` } }
  const { call } = await startProxy(t, { upstream: upstream.url, tenants })
  const { headers } = await call('/_tenant/two/first')
  t.equal(headers.location, '/_tenant/two/second')
  t.equal((await call(String(headers.location))).text, '/base/second')
})
