import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { isIPv6, type Socket } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { connect as connectSecurely } from 'node:tls'
import t, { type Test } from 'tap'
import { parseRule } from '../../src/config/policy.ts'
import { GRACE } from '../../src/server/drain.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { certify, makeAuthority } from '../../src/tls/authority.ts'
import { LocalCertificates } from '../../src/tls/local-certificates.ts'
import { settle, testClock } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { clientOf, type ProxyOptions, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const API = 'api2.prismacloud.io'
const CONSOLE = 'us-east1.cloud.twistlock.com'
const TOKEN = 'the-token-of-the-client-ci'
const ENABLED = { enabled: true, others: 'refuse' } as const
const CLIENTS = [clientOf('ci', TOKEN)]

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, `host: ${API}`, 'connection: close', ...headers, '', ''].join('\r\n')
const basic = (token: string) => `proxy-authorization: Basic ${Buffer.from(`any:${token}`).toString('base64')}`

/** A proxy with CONNECT enabled, before an upstream that responds at once, or when the test says so. */
async function start(t: Test, options: Partial<ProxyOptions> & { answerAtOnce?: boolean } = {}) {
  const { answerAtOnce = true, ...rest } = options
  const clock = testClock(Date.now())
  const upstream = await rawUpstream(t, request => {
    const info = JSON.stringify({ twistlockUrl: `https://${CONSOLE}/us-1-1` })
    if (answerAtOnce) request.answer(http('200 OK', [], request.target === '/meta_info' ? info : 'fine'))
  })
  const folder = join(t.testdir(), 'state')
  const authority = new LocalCertificates(folder, 'localhost', clock)
  const proxy = await startProxy(t, {
    upstream: API,
    upstreamAt: upstream.url,
    clock,
    authority,
    ...rest,
    config: { connect: ENABLED, ...options.config },
  })
  await proxy.app.interceptor?.open()
  const ca = readFileSync(join(folder, 'ca.pem'), 'utf8')
  /** Asks for a connection. */
  const ask = (target: string, ...headers: string[]) => {
    const socket = dial(proxy.port)
    socket.write([`CONNECT ${target} HTTP/1.1`, `host: ${target}`, ...headers, '', ''].join('\r\n'))
    return socket
  }
  /** Asks for a connection to a host, and speaks TLS in it. */
  const enterAt = async (host: string, ...headers: string[]) => {
    const socket = ask(`${host}:443`, ...headers)
    const [established] = await once(socket, 'data')
    t.equal(`${established}`, 'HTTP/1.1 200 Connection Established\r\n\r\n')
    return secured(socket, ca, host)
  }
  const enter = (...headers: string[]) => enterAt(API, ...headers)
  return { ...proxy, ask, enter, enterAt, ca, clock, upstream }
}

function secured(socket: Duplex, ca: string, servername = API) {
  return connectSecurely({ socket, servername, ca })
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return readAll(socket)
}

t.test('requests on a connection to an API host are served like any other', async t => {
  const { enter, upstream, call } = await start(t)
  t.match(await say(await enter(), get('/v2/policy?x')), /^HTTP\/1\.1 200 .*fine$/s)
  t.match(upstream.requests[0]?.head, `GET /v2/policy?x HTTP/1.1\r\nhost: `)
  t.match(upstream.requests[0]?.head, 'x-redlock-auth: header.payload.signature')
  const login = `POST /login HTTP/1.1\r\nhost: ${API}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`
  t.match(await say(await enter(), login), /login_successful/)
  t.match(await say(await enter(), get('/_proxy/livez')), /^HTTP\/1\.1 200/)
  t.equal((await call('/v2/policy')).status, 200)
})

t.test('no spelling of a path that the proxy answers itself reaches the API', async t => {
  const { enter, enterAt, upstream } = await start(t)
  for (const path of ['/auth_token/extend#x', '/v2/policy#/search'])
    t.match(await say(await enter(), get(path)), /^HTTP\/1\.1 400 .*fragment/s, path)
  for (const path of ['/auth_token/extend%23x', '/auth_token/extend.json', '//x/login'])
    t.match(await say(await enter(), get(path)), /^HTTP\/1\.1 403 .*policy-denied/s, path)
  for (const path of ['/us-1-1/api/v1/authenticate%23', '/us-1-1/api%2Fv1/authenticate', '/us-1-1/api/v1/Authenticate'])
    t.match(await say(await enterAt(CONSOLE), get(path)), /^HTTP\/1\.1 403 .*policy-denied/s, path)
  t.match(await say(await enterAt(CONSOLE), get('/us-1-1#/api/v1/hosts')), /^HTTP\/1\.1 400 /)
  t.equal(upstream.requests.length, 0)
})

t.test('the host of the connection decides, not the requests’ Host header', async t => {
  const { enter, upstream } = await start(t)
  for (const line of ['GET http://evil.example/x', 'GET https://api.prismacloud.io/x', 'GET /x']) {
    const text = `${line} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`
    t.match(await say(await enter(), text), /^HTTP\/1\.1 200/, line)
  }
  t.ok(upstream.requests.every(({ target }) => target === '/x'))
})

t.test('a Compute console is served at its own address, too', async t => {
  const { enterAt, upstream } = await start(t)
  t.match(await say(await enterAt(CONSOLE), get('/us-1-1/api/v1/hosts?x')), /^HTTP\/1\.1 200 .*fine$/s)
  t.strictSame(
    upstream.requests.map(({ target }) => target),
    ['/meta_info', '/us-1-1/api/v1/hosts?x'],
  )
  t.match(upstream.requests[1]?.head, 'x-redlock-auth: header.payload.signature')
  const login = `POST /us-1-1/api/v1/authenticate HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`
  t.match(await say(await enterAt(CONSOLE), login), /^HTTP\/1\.1 200 .*\{"token":"[^"]+"\}$/s)
  for (const path of ['/us-1-2/api/v1/hosts', '/api/v1/hosts', '/us-1-1/other'])
    t.match(
      await say(await enterAt(CONSOLE), get(path)),
      /^HTTP\/1\.1 400 .*uses a different Compute console, at https:.*us-1-1:/s,
      path,
    )
  t.equal(upstream.requests.length, 2)
})

t.test('the console’s address selects the tenant', async t => {
  const compute = (basePath: string) => ({ ...resolveApi('app2'), compute: { origin: `https://${CONSOLE}`, basePath } })
  const tenants = { default: { api: compute('/us-1-1') }, other: { api: compute('/us-1-2') } }
  const audit: string[] = []
  const { enterAt } = await start(t, { tenants, audit: { write: line => void audit.push(line) } })
  for (const id of ['us-1-1', 'us-1-2'])
    t.match(await say(await enterAt(CONSOLE), get(`/${id}/api/v1/hosts`)), /^HTTP\/1\.1 200/)
  const said = audit.map(line => JSON.parse(line)).filter(({ method }) => method !== 'CONNECT')
  t.match(said, [{ tenant: 'default', path: '/_compute/api/v1/hosts' }, { tenant: 'other' }])

  const twins = { first: tenants.default, second: tenants.default }
  const second = await start(t, {
    tenants: twins,
    config: { defaultTenant: 'second' },
    audit: { write: line => void audit.push(line) },
  })
  await say(await second.enterAt(CONSOLE), get('/us-1-1/api/v1/hosts'))
  t.match(
    audit.map(line => JSON.parse(line)).findLast(({ method }) => method !== 'CONNECT'),
    { tenant: 'second', status: 200 },
  )
  const neither = await start(t, { tenants: { ...twins, third: {} }, config: { defaultTenant: 'third' } })
  const ask = async (...headers: string[]) =>
    say(await neither.enterAt(CONSOLE), get('/us-1-1/api/v1/hosts', ...headers))
  t.match(await ask(), /^HTTP\/1\.1 400 .*x-prismacloud-tenant: first, second/s)
  t.match(await ask('x-prismacloud-tenant: first'), /^HTTP\/1\.1 200/)
})

t.test('requests of web pages are refused there, too', async t => {
  const { enter, upstream } = await start(t)
  for (const header of [`origin: https://${API}`, 'origin: https://app2.prismacloud.io', 'sec-fetch-site: cross-site'])
    t.match(await say(await enter(), get('/x', header)), /^HTTP\/1\.1 403 .*origin-not-allowed/s, header)
  t.equal(upstream.requests.length, 0)
})

t.test('unauthenticated connections take no place of others, and have 10 s', async t => {
  const { enter, call, clock } = await start(t, {
    config: { clients: CLIENTS, connect: ENABLED, listen: { maxRequests: 2 } },
  })
  const stalled = `POST /login HTTP/1.1\r\nhost: ${API}\r\ncontent-length: 9\r\n\r\n{`
  const told: Promise<string>[] = []
  for (let count = 0; count < 16; count++) told.push(say(await enter(), stalled))
  const login = { method: 'POST', body: '{}' }
  await until(async () => (await call('/login', login)).status === 503)
  t.equal((await call('/v2/policy', { headers: { authorization: `Bearer ${TOKEN}` } })).status, 200)
  await clock.advance(10_000)
  await until(async () => (await call('/login', login)).status === 401)
  await clock.advance(5_000)
  for (const text of await Promise.all(told)) t.match(text, /^HTTP\/1\.1 408 /)
})

t.test('a client may send before the response', async t => {
  const { port, ca } = await start(t)
  const head = `CONNECT ${API}:443 HTTP/1.1\r\nhost: ${API}\r\n\r\n`
  const secure = secured(eager(dial(port), head), ca)
  t.match(await say(secure, get('/x')), /^HTTP\/1\.1 200 .*fine$/s)
})

t.test('CONNECT inside a CONNECT connection is refused', async t => {
  const { enter } = await start(t)
  t.match(
    await say(await enter(), `CONNECT ${API}:443 HTTP/1.1\r\nhost: x\r\n\r\n`),
    /^HTTP\/1\.1 400 .*opened with CONNECT/s,
  )
})

t.test('cached responses of one console are not used for another', async t => {
  const rules = [{ path: parseRule('/_compute/**').path, keepFor: 60_000 }]
  const { enterAt, call, port } = await start(t, { config: { connect: ENABLED, cache: { rules, maxSize: 1_000_000 } } })
  t.match((await call('/_compute/api/v1/hosts')).headers, { 'x-prismacloud-proxy-cache': 'miss' })
  t.match((await call('/_compute/api/v1/hosts')).headers, { 'x-prismacloud-proxy-cache': 'hit' })
  t.match(
    await say(await enterAt(CONSOLE), get('/us-1-2/api/v1/hosts')),
    /^HTTP\/1\.1 400 .*uses a different Compute console/s,
  )
  t.match(await say(await enterAt(CONSOLE), get('/us-1-1/api/v1/hosts')), /^HTTP\/1\.1 200/)
  const plain = `GET http://${API}/_compute/api/v1/hosts HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
  t.match(await say(dial(port), plain), /^HTTP\/1\.1 400 .*proxy's own/s)
})

t.test('CONNECT to other hosts is refused, and all CONNECT while it is disabled', async t => {
  const { ask, log } = await start(t)
  t.match(await readAll(ask('example.com:443')), /^HTTP\/1\.1 403 .*host-not-allowed.*example\.com/s)
  t.match(await readAll(ask('api.prismacloud.io:443')), /^HTTP\/1\.1 403 /, 'of no tenant')
  t.match(await readAll(ask('/x')), /^HTTP\/1\.1 400 /)
  t.match(log, [{ level: 40, msg: /^CONNECT example\.com:443: example\.com is not an API host/ }, {}, {}])
  const { port } = await startProxy(t, { upstream: API })
  const off = dial(port)
  t.match(await say(off, `CONNECT ${API}:443 HTTP/1.1\r\nhost: x\r\n\r\n`), /^HTTP\/1\.1 405 .*connect\.enabled/s)
})

t.test('what follows a refused CONNECT is not served', async t => {
  const { ask, upstream, clock } = await start(t)
  const socket = ask('example.com:443')
  socket.write(get('/v2/policy'))
  const heard = readAll(socket)
  await clock.advance(5_000)
  t.equal((await heard).match(/HTTP\/1\.1/g)?.length, 1)
  t.equal(upstream.requests.length, 0)
})

t.test('a token sent with CONNECT holds for all requests on the connection', async t => {
  const { enter, ask, upstream } = await start(t, { config: { connect: ENABLED, clients: CLIENTS } })
  t.match(await say(await enter(basic(TOKEN)), get('/x', 'x-redlock-auth: stale')), /^HTTP\/1\.1 200/)
  const login = `POST /login HTTP/1.1\r\nhost: ${API}\r\nconnection: close\r\ncontent-length: 16\r\n\r\n{"password":"x"}`
  t.match(await say(await enter(basic(TOKEN)), login), /login_successful/)
  t.match(await say(await enter(), login), /^HTTP\/1\.1 401/)
  t.match(await say(await enter(), get('/x')), /^HTTP\/1\.1 401/)
  t.match(await say(await enter(), get('/x', `x-redlock-auth: ${TOKEN}`)), /^HTTP\/1\.1 200/)
  t.match(await readAll(ask(`${API}:443`, basic('wrong'))), /^HTTP\/1\.1 407 .*proxy-authenticate: Basic/s)
  t.equal(upstream.requests.length, 2)
})

t.test('a request in absolute form carries its token the same way', async t => {
  const { port } = await start(t, { config: { connect: ENABLED, clients: CLIENTS } })
  const plain = (...headers: string[]) =>
    say(
      dial(port),
      [`GET http://${API}/x HTTP/1.1`, `host: ${API}`, ...headers, 'connection: close', '', ''].join('\r\n'),
    )
  t.match(await plain(basic(TOKEN)), /^HTTP\/1\.1 200/)
  t.match(await plain(basic('wrong')), /^HTTP\/1\.1 401/)
})

t.test('no tunnel leads to this machine', async t => {
  const { ask } = await start(t, { config: { connect: { enabled: true, others: 'tunnel' } } })
  for (const target of ['127.0.0.1:22', 'localhost:22', '[::1]:22', '169.254.169.254:80'])
    t.match(await readAll(ask(target)), /^HTTP\/1\.1 403 .*this machine itself/s, target)
})

t.test('no tunnel leads back through an outbound proxy, in any spelling of this machine', async t => {
  const outbound = await rawUpstream(t, request => request.answer(http('200 OK')))
  const { ask } = await start(t, {
    config: {
      listen: { trustedHosts: ['proxy.test'] },
      connect: { enabled: true, others: 'tunnel' },
      upstream: { outbound: { url: outbound.url, origin: 'test', noProxy: '' } },
    },
  })
  const hosts = ['127.1', '2130706433', '0x7f000001', '0', '0.0.0.0', '0177.0.0.1', '127.0.0.1.', 'localhost.']
  const names = ['x.localhost', 'X.LOCALHOST.', 'proxy.test', 'PROXY.test.', hostname()]
  const ipv6 = ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::]', '[::1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]']
  const interfaces = Object.values(networkInterfaces()).flatMap(each => each ?? [])
  const addresses = interfaces.map(({ address }) => (isIPv6(address) ? `[${address}]` : address))
  for (const host of [...hosts, ...names, ...ipv6, ...addresses, '169.254.1.1', '[fe80::1]'])
    t.match(await readAll(ask(`${host}:80`)), /^HTTP\/1\.1 403 .*this machine itself/s, host)
  t.strictSame(outbound.requests, [])
})

t.test('tunnels go through the outbound proxy', async t => {
  const outbound = await rawUpstream(t, request => {
    t.match(request.head, /^CONNECT other\.invalid:443 HTTP/)
    request.socket.write('HTTP/1.1 200 OK\r\n\r\nhello')
  })
  const { ask } = await start(t, {
    config: {
      connect: { enabled: true, others: 'tunnel' },
      upstream: { outbound: { url: outbound.url, origin: 'test', noProxy: '' } },
    },
  })
  const socket = ask('other.invalid:443')
  let heard = ''
  socket.on('data', chunk => {
    heard += chunk
  })
  await until(() => heard === 'HTTP/1.1 200 Connection Established\r\n\r\nhello')
  socket.destroy()
})

t.test('a missing TLS handshake times out', async t => {
  const { ask, clock, app } = await start(t)
  const socket = ask(`${API}:443`)
  await once(socket, 'data')
  const over = readAll(socket)
  await clock.advance(10_000)
  await over
  const rubbish = ask(`${API}:443`)
  await once(rubbish, 'data')
  t.notMatch(await say(rubbish, get('/x')), 'HTTP')
  const waiting = ask(`${API}:443`)
  await once(waiting, 'data')
  await app.close()
  await readAll(waiting)
})

t.test('a running request on such a connection may finish during shutdown, and no other starts', async t => {
  const { enter, ask, app, upstream, clock } = await start(t, { answerAtOnce: false })
  const idle = ask('example.com:443')
  const running = say(await enter(), get('/x'))
  await until(() => upstream.requests.length === 1)
  const closing = app.close()
  await clock.advance(1_000)
  upstream.requests[0]?.answer(http('200 OK', [], 'late'))
  t.match(await running, /^HTTP\/1\.1 200 .*late$/s)
  await readAll(idle)
  t.equal(await closing, true)
})

t.test('in the grace period of a shutdown, such connections are served, and others made', async t => {
  const { enter, app, clock } = await start(t)
  const kept = await enter()
  const keptRequest = get('/x').replace('close', 'keep-alive')
  kept.write(keptRequest)
  await once(kept, 'data')
  const closing = app.close({ grace: true })
  await clock.advance(100)
  t.match(await say(kept, keptRequest), /^HTTP\/1\.1 200 OK\r\n(.*\r\n)?connection: close\r\n/is)
  t.match(await say(await enter(), get('/y')), /^HTTP\/1\.1 200 OK/)
  await clock.advance(GRACE)
  t.equal(await closing, true)
})

t.test('no connection is made during shutdown', async t => {
  const { port, app, clock, log } = await start(t)
  const late = dial(port)
  const accepted = once(app.server.server, 'connection')
  late.write(`CONNECT ${API}:443 HTTP/1.1\r\n`)
  const [socket] = await accepted
  await until(() => socket.bytesRead > 0)
  const closing = app.close()
  await until(() => !app.server.server.listening)
  t.match(await say(late, `host: ${API}\r\n\r\n`), /^HTTP\/1\.1 503 .*draining/s)
  t.match(log, [{ msg: /^CONNECT/ }])
  await clock.advance(10_000)
  t.equal(await closing, true)
})

t.test('a half-closed client gets its response, and one that leaves aborts its request', async t => {
  const { enter, upstream } = await start(t, { answerAtOnce: false })
  const waiting = await enter()
  const all = readAll(waiting)
  waiting.end(get('/v2/policy'))
  await until(() => upstream.requests.length === 1)
  await settle()
  upstream.requests[0]?.answer(http('200 OK', [], 'fine'))
  t.match(await all, /^HTTP\/1\.1 200 .*fine$/s)
  const leaving = await enter()
  leaving.write(get('/v2/policy'))
  await until(() => upstream.requests.length === 2)
  leaving.destroy()
  await upstream.requests[1]?.closed
})

t.test('the same certificates may serve https and API hosts', async t => {
  const identity = certify(makeAuthority(Date.now()), [API], [], Date.now())
  let reads = 0
  const read = async () => {
    reads++
    return identity
  }
  const certificates = { trust: null, read, forHost: () => identity }
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  const { app } = await startProxy(t, { upstream: upstream.url, certificates, authority: certificates })
  t.equal(app.front, app.interceptor)
  await app.interceptor?.open()
  await app.front?.open()
  t.equal(reads, 1)
})

/** A connection that sends a head together with the first write, and drops the head of what it receives. */
function eager(socket: Socket, head: string): Duplex {
  let [unsent, unheard] = [Buffer.from(head), Buffer.alloc(0)]
  let established = false
  socket.on('data', chunk => {
    unheard = Buffer.concat([unheard, chunk])
    const end = established ? 0 : unheard.indexOf('\r\n\r\n') + 4
    if (!established && end < 4) return
    established = true
    duplex.push(unheard.subarray(end))
    unheard = Buffer.alloc(0)
  })
  socket.on('close', () => duplex.push(null))
  const duplex = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      socket.write(Buffer.concat([unsent, chunk]), done)
      unsent = Buffer.alloc(0)
    },
  })
  return duplex
}
