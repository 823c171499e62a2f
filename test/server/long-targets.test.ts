import { once } from 'node:events'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectSecurely } from 'node:tls'
import t, { type Test } from 'tap'
import { LocalCertificates } from '../../src/tls/local-certificates.ts'
import { testClock } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const LONGEST = 65_536
const API = 'api2.prismacloud.io'
const TOO_LONG = 'The request target is longer than 65536 bytes; '
const SHORTEN = 'shorten the query, or send it in the body where the operation allows that'

/** Every character that may stand in a query (RFC 3986, 3.4), and those that Node.js accepts there beside them. */
const CHARACTERS = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index))
  .filter(char => char !== '#')
  .join('')

/** What stands in each query, and as it is in JSON. */
const PRIVATE = 'ABCDEFGHIJ'

/** The headers that a client sends beside a long target: enough of them to be more than is usual. */
const HEADERS = ['accept: */*', 'user-agent: some-client/1.0', `x-some: ${'x'.repeat(16_000)}`]

function target(length: number, path = '/v2/alert'): string {
  const start = `${path}?pageToken=`
  return start + CHARACTERS.repeat(length).slice(0, length - start.length)
}

function get(target: string, connection = 'close'): string {
  return [`GET ${target} HTTP/1.1`, `host: localhost`, `connection: ${connection}`, ...HEADERS, '', ''].join('\r\n')
}

/** A proxy with https and CONNECT before an upstream that answers at once, and ways to connect to it. */
async function start(t: Test) {
  const clock = testClock(Date.now())
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [], 'fine')))
  const certificates = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', clock)
  const lines: string[] = []
  const proxy = await startProxy(t, {
    upstream: API,
    upstreamAt: upstream.url,
    clock,
    certificates,
    authority: certificates,
    audit: { write: line => void lines.push(line) },
    config: { connect: { enabled: true, others: 'refuse' }, log: { requests: 'all' } },
  })
  const secureUrl = await proxy.app.front?.listen({ host: '127.0.0.1', port: 0 })
  await proxy.app.interceptor?.open()
  const securePort = Number(new URL(`${secureUrl}`).port)
  const secured = (socket: Socket, servername: string) =>
    connectSecurely({ socket, servername, rejectUnauthorized: false })
  const connections: Record<string, () => Promise<Socket>> = {
    http: async () => dial(proxy.port),
    https: async () => secured(dial(securePort), 'localhost'),
    CONNECT: async () => {
      const socket = dial(proxy.port)
      socket.write(`CONNECT ${API}:443 HTTP/1.1\r\nhost: ${API}:443\r\n\r\n`)
      await once(socket, 'data')
      return secured(socket, API)
    },
  }
  return { ...proxy, upstream, connections, lines }
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return readAll(socket)
}

t.test('a request target may have up to 64 KiB, on any connection, and each byte arrives', async t => {
  const { connections, upstream } = await start(t)
  for (const [name, open] of Object.entries(connections)) {
    const longest = target(LONGEST)
    t.match(await say(await open(), get(longest)), /^HTTP\/1\.1 200 OK\r\n.*fine$/s, name)
    t.equal(upstream.requests.at(-1)?.target, longest, name)
    const before = upstream.requests.length
    t.match(await say(await open(), get(target(LONGEST + 1))), /^HTTP\/1\.1 414 URI Too Long\r\n/, name)
    t.equal(upstream.requests.length, before, name)
  }
})

t.test('the host of the absolute form does not count, and a tenant in the path does', async t => {
  const { port, upstream } = await start(t)
  const tenant = '/_tenant/default'
  const targets: [from: (length: number) => string, sent: string][] = [
    [length => `http://${API}${target(length)}`, target(LONGEST)],
    [length => target(length, `${tenant}/v2/alert`), target(LONGEST, `${tenant}/v2/alert`).slice(tenant.length)],
  ]
  for (const [from, sent] of targets) {
    t.match(await say(dial(port), get(from(LONGEST))), /^HTTP\/1\.1 200 OK\r\n/)
    t.equal(upstream.requests.at(-1)?.target, sent)
    t.match(await say(dial(port), get(from(LONGEST + 1))), /^HTTP\/1\.1 414 URI Too Long\r\n/)
  }
  t.equal(upstream.requests.length, 2)
})

t.test('a longer one gets the advice to send the page token in the body, where the operation allows it', async t => {
  const { call, upstream } = await start(t)
  const body = (operation: string, member: string) =>
    `send the page token in the body: POST ${operation} with {"${member}": "…"}`
  const rows: [path: string, advice: string, host?: string][] = [
    ['/v2/alert', body('/v2/alert', 'pageToken')],
    ['/V2/Alert/', body('/v2/alert', 'pageToken')],
    ['/_tenant/default/v2/alert', body('/v2/alert', 'pageToken')],
    ['/search/api/v2/config', body('/search/api/v2/config', 'nextPageToken')],
    ['/search/api/v2/config/17', body('/search/api/v2/config/{id}', 'nextPageToken')],
    ['/v2/policy', SHORTEN],
    ['/alert/rule', SHORTEN],
    ['/_compute/v2/alert', SHORTEN],
    ['/v2/alert', SHORTEN, 'compute.localhost'],
    ['/_proxy/status', SHORTEN],
    ['/_proxy/nowhere', SHORTEN],
    ['/', SHORTEN],
    [`/${'x'.repeat(LONGEST)}`, SHORTEN],
  ]
  for (const [path, advice, host = 'localhost'] of rows) {
    const { status, json } = await call(target(LONGEST + 100, path), { headers: { host } })
    t.equal(status, 414)
    const { type, title, detail } = json()
    t.strictSame(
      { type, title, detail },
      { type: '/_proxy/problems/invalid-request', title: 'URI Too Long', detail: TOO_LONG + advice },
      `${host}${path.slice(0, 50)}`,
    )
  }
  t.equal(upstream.requests.length, 0)
})

t.test('a query is neither repeated to the client nor logged nor audited, whether it is too long or not', async t => {
  const { call, log, lines } = await start(t)
  for (const length of [100, LONGEST, LONGEST + 1]) {
    const { text, headers } = await call(target(length))
    t.notMatch(text + JSON.stringify(headers), PRIVATE)
  }
  t.equal(lines.length, 3)
  t.strictSame(
    log.filter(({ path }) => path === '/v2/alert').map(({ status }) => status),
    [200, 200, 414],
  )
  t.notMatch(lines.join() + JSON.stringify(log), PRIVATE)
})

t.test('the advice is given up to twice the length; beyond that, the parser refuses the head', async t => {
  const { connections, upstream } = await start(t)
  for (const [name, open] of Object.entries(connections)) {
    const refused = await say(await open(), `${get(target(114_000), 'keep-alive')}${get('/behind')}`)
    t.match(refused, /^HTTP\/1\.1 414 URI Too Long\r\n.*POST \/v2\/alert.*HTTP\/1\.1 200 OK\r\n.*fine$/s, name)
    t.equal(upstream.requests.at(-1)?.target, '/behind', name)
    const before = upstream.requests.length
    const unread = await say(await open(), `${get(target(2 * LONGEST), 'keep-alive')}${get('/behind')}`)
    t.match(unread, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/, name)
    t.match(unread, `(HPE_HEADER_OVERFLOW): the request line and headers are longer than 131072 bytes; ${SHORTEN}"`)
    t.equal(unread.split('HTTP/1.1 ').length, 2, `${name}: nothing behind it is served`)
    t.equal(upstream.requests.length, before, name)
  }
})

t.test('the body behind a target that is too long is not taken for a request', async t => {
  const { connections, upstream } = await start(t)
  for (const open of Object.values(connections)) {
    const inner = get('/inner')
    const post = get(target(LONGEST + 1), 'keep-alive').replace('GET', 'POST')
    const head = post.replace('accept: */*', `content-length: ${inner.length}`)
    const text = await say(await open(), `${head}${inner}`)
    t.match(text, /^HTTP\/1\.1 414 /)
    t.equal(text.split('HTTP/1.1 ').length, 2)
  }
  t.equal(upstream.requests.length, 0)
})
