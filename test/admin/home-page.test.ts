import t from 'tap'
import { talk } from '../support/http.ts'
import { clientOf, startPair } from '../support/proxy.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8' }

t.test('a browser at / is redirected to the home page, and gets an icon, without a session', async t => {
  const lines: string[] = []
  const audit = { write: (line: string) => void lines.push(line) }
  const { call, simulator } = await startPair(t, { audit, tenants: { default: { lazy: true }, prod: { lazy: true } } })
  for (const host of ['localhost', '127.0.0.1', 'prod.localhost', 'compute.localhost', 'localhost.']) {
    const headers = { ...BROWSER, host }
    for (const path of ['/', '/?x=1', '/_proxy']) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await call(path, { method, headers })
        t.match(reply, { status: 303, headers: { location: '/_proxy/', vary: 'accept' } }, `${method} ${host}${path}`)
      }
    }
    for (const path of ['/favicon.ico', '/favicon.ico?v=2']) {
      for (const accept of ['image/avif,*/*;q=0.8', '*/*']) {
        const reply = await call(path, { headers: { host, accept } })
        t.match(reply, { status: 204, text: '', headers: { 'cache-control': 'max-age=86400' } }, `${host}${path}`)
      }
    }
  }
  t.equal(simulator.counts.logins + simulator.requests.length, 0)
  t.strictSame(lines, [], 'and nothing is recorded in the audit log')
})

t.test('the home page shows an example and links', async t => {
  const { call, simulator } = await startPair(t, { config: { inspect: { enabled: false } } })
  const page = await call('/_proxy/', { headers: { ...BROWSER, host: 'localhost:9080' } })
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', vary: 'accept' } })
  t.match(page.headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/)
  t.match(page.text, '<h1>prismacloud-proxy 1.2.3</h1>')
  t.match(page.text, '<pre>curl http://localhost:9080/v2/policy</pre>')
  const links = [...page.text.matchAll(/<a href="([^"]*)">/g)].map(([, link]) => String(link))
  const pages = ['status', 'metrics', 'readyz', 'problems/'].map(name => `/_proxy/${name}`)
  t.strictSame(links, pages)
  t.equal(simulator.counts.logins, 0)
  for (const link of links) t.not((await call(link)).status, 404, link)
  const json = (await call('/_proxy/', { headers: { host: 'localhost:9080' } })).json()
  t.match(json, { version: '1.2.3', example: 'curl http://localhost:9080/v2/policy' })
  t.strictSame(Object.keys(json.links), links)
})

t.test('with recorded requests there are links to them', async t => {
  const { call } = await startPair(t)
  const { links } = (await call('/_proxy/')).json()
  for (const name of ['requests', 'traffic', 'status']) t.type(links[`/_proxy/${name}`], 'string')
  for (const link of Object.keys(links)) t.not((await call(link)).status, 404, link)
})

t.test('any other request to these paths is forwarded', async t => {
  const { call, port, simulator } = await startPair(t)
  const rows: [method: string, path: string, headers: Record<string, string>][] = [
    ['GET', '/', { accept: '*/*' }],
    ['GET', '/', { accept: 'application/json' }],
    ['GET', '/', { accept: 'text/html;q=0.5, */*' }],
    ['GET', '/', {}],
    ['POST', '/', BROWSER],
    ['POST', '/favicon.ico', BROWSER],
    ['GET', '/v2', BROWSER],
    ['GET', '//', BROWSER],
    ['GET', '/_tenant/default/', BROWSER],
    ['GET', '/_tenant/default/favicon.ico', BROWSER],
    ['GET', '/_tenant/default', BROWSER],
  ]
  for (const [method, path, headers] of rows) {
    const before = simulator.requests.length
    await call(path, { method, headers })
    t.equal(simulator.requests.length - before, before === 0 ? 2 : 1, `${method} ${path} ${JSON.stringify(headers)}`)
  }
  const { host } = new URL(simulator.url)
  for (const path of ['/', '/favicon.ico']) {
    const before = simulator.requests.length
    await talk(
      port,
      `GET ${simulator.url}${path} HTTP/1.1\r\nhost: ${host}\r\naccept: text/html\r\nconnection: close\r\n\r\n`,
    )
    t.equal(simulator.requests.length - before, 1, `${simulator.url}${path}`)
  }
  t.match(
    await talk(
      port,
      'GET http://localhost/ HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\r\n',
    ),
    / 303 /,
  )
})

t.test('pages without secrets require no client token, because browsers cannot send one', async t => {
  const { call } = await startPair(t, { config: { clients: [clientOf('ci', 'the-token-of-ci-0')] } })
  const statuses = { '/': 303, '/_proxy': 303, '/_proxy/': 200, '/favicon.ico': 204, '/_proxy/problems/draining': 200 }
  for (const [path, status] of Object.entries(statuses))
    t.equal((await call(path, { headers: BROWSER })).status, status, path)
  for (const path of ['/', '/_proxy/status', '/_proxy/page/login', '/_proxy/page', '/_proxy/problems'])
    t.equal((await call(path)).status, 401, path)
})
