import t, { type Test } from 'tap'
import { call, talk } from '../support/http.ts'
import { type ProxyOptions, startProxy } from '../support/proxy.ts'
import { http, type RawUpstream, rawUpstream } from '../support/upstream.ts'

const get = (target: string, ...headers: string[]) =>
  ['GET', target, 'HTTP/1.1\r\n'].join(' ') +
  ['host: api.example', 'connection: close', ...headers, '', ''].join('\r\n')

/** A proxy, its upstream, which responds to any request, and the host of the upstream. */
async function start(t: Test, options: (upstream: RawUpstream) => Partial<ProxyOptions> = () => ({})) {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [], 'fine')))
  const proxy = await startProxy(t, { upstream: upstream.url, ...options(upstream) })
  const ask = (target: string, ...headers: string[]) => talk(proxy.port, get(target, ...headers))
  return { ask, upstream, host: new URL(upstream.url).host, port: proxy.port }
}

t.test('a request in absolute form reaches the API of a tenant', async t => {
  const { upstream, host, port } = await start(t)
  const url = `http://${host}/v2/policy?policy.severity=high`
  // as curl sends it
  const headers = { host, 'proxy-connection': 'Keep-Alive' }
  t.match(await call(port, url, { headers }), { status: 200, text: 'fine' })
  t.match(upstream.requests[0], { target: '/v2/policy?policy.severity=high' })
  t.match(upstream.requests[0]?.head, `host: ${host}`)
})

t.test('a path may be missing, and is otherwise forwarded unchanged', async t => {
  const { ask, upstream, host } = await start(t)
  for (const [sent, path] of [
    ['', '/'],
    ['?a=b', '/?a=b'],
    ['/a%2Fb//c;d?e=http://f', '/a%2Fb//c;d?e=http://f'],
  ] as const) {
    t.match(await ask(`http://${host}${sent}`), /^HTTP\/1\.1 200 /, sent)
    t.equal(upstream.requests.at(-1)?.target, path)
  }
  t.match(await ask(`HTTP://${host.toUpperCase()}/x`), /^HTTP\/1\.1 200 /)
  t.match(await ask(`http://${host}/a/../b`), /^HTTP\/1\.1 400 /)
})

t.test('no other host is reached', async t => {
  const { ask, upstream, host } = await start(t)
  const port = host.slice(host.indexOf(':'))
  for (const other of ['api2.prismacloud.io', `user@${host}`, `user:password@${host}`, '', `evil.example${port}`]) {
    t.match(await ask(`http://${other}/x`), /^HTTP\/1\.1 403 .*host-not-allowed/s, other)
  }
  t.match(await ask(`ftp://${host}/x`), /^HTTP\/1\.1 40[03] /)
  t.equal(upstream.requests.length, 0)
})

t.test('the proxy’s own names reach the proxy itself', async t => {
  const tenants = { default: {}, 'team-a': {} }
  const { ask, upstream } = await start(t, () => ({ tenants }))
  t.match(await ask('http://localhost:9080/_proxy/livez'), /^HTTP\/1\.1 200 .*"ok"/s)
  t.match(await ask('http://team-a.localhost/x'), /^HTTP\/1\.1 200 /)
  t.match(await ask('http://team-b.localhost/x'), /^HTTP\/1\.1 404 .*unknown-tenant/s)
  t.equal(upstream.requests.length, 1)
})

t.test('at a host of several tenants, the default is chosen unless another is named', async t => {
  const bases = { one: 'one', two: 'two' }
  const start2 = (defaultTenant: string) =>
    start(t, upstream => ({
      tenants: {
        one: { url: `${upstream.url}/${bases.one}` },
        two: { url: `${upstream.url}/${bases.two}` },
        other: { url: 'app2' },
      },
      config: { defaultTenant },
    }))
  const { ask, upstream, host } = await start2('two')
  await ask(`http://${host}/two/x`)
  t.equal(upstream.requests.at(-1)?.target, '/two/x')
  await ask(`http://${host}/one/x`, 'x-prismacloud-tenant: one')
  t.equal(upstream.requests.at(-1)?.target, '/one/x')
  t.match(await ask(`http://${host}/one/x`), /^HTTP\/1\.1 400 .*must start with \/two/s)
  t.match(await ask(`http://${host}/x`, 'x-prismacloud-tenant: other'), /^HTTP\/1\.1 404 .*unknown-tenant/s)
  const unclear = await start2('other')
  t.match(await unclear.ask(`http://${unclear.host}/one/x`), /^HTTP\/1\.1 400 .*x-prismacloud-tenant: one, two/s)
  await unclear.ask(`http://${unclear.host}/one/x`, 'x-prismacloud-tenant: one')
  t.equal(unclear.upstream.requests.length, 1)
})

t.test('the only tenant at a host need not be the default', async t => {
  const { ask, upstream, host } = await start(t, ({ url }) => ({
    tenants: { default: { url: 'app2' }, other: { url } },
  }))
  t.match(await ask(`http://${host}/x`), /^HTTP\/1\.1 200 /)
  t.equal(upstream.requests.length, 1)
})
