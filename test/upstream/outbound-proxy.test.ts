import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { createAgents } from '../../src/upstream/agent.ts'
import { Connector } from '../../src/upstream/connection/connector.ts'
import { systemLookup } from '../../src/upstream/connection/dial.ts'
import { explainNetworkError } from '../../src/upstream/network-error.ts'
import { failureOf } from '../kernel/failure-of.ts'
import { testClock } from '../support/clock.ts'
import { readAll } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { makeConfig } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { get } from './get.ts'

const TIMEOUT = 10_000

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

function tunnel(url: string, host = 'api.test', clock = testClock()) {
  const outbound = { url, origin: 'test', noProxy: '' }
  const { upstream } = makeConfig({ upstream: 'app', config: { upstream: { outbound, connectTimeout: 2 * TIMEOUT } } })
  return new Connector(upstream, { clock, lookup: systemLookup }).open({ host, port: 443 })
}

async function detail(t: Test, url: string): Promise<string> {
  const { maybeSent, detail } = explainNetworkError(await failureOf(tunnel(url)), 'api.test')
  t.notOk(maybeSent, 'nothing was sent yet')
  return detail
}

/** A proxy for CONNECT that sends hello in the name of each host, and the requests it received. */
function connectProxy() {
  const asked: Parameters<RequestListener>[0][] = []
  const server = createHttpServer().on('connect', (request, socket) => {
    asked.push(request)
    socket.end('HTTP/1.1 200 OK\r\n\r\nhello')
  })
  return { server, asked }
}

interface SocksAnswer {
  /** Of CONNECT; null where the proxy breaks off. */
  readonly reply?: number | null
  /** That it gives as its own, with the type before it. */
  readonly address?: readonly number[]
  /** Leads to this port of this machine instead of saying hello. */
  readonly port?: number
}

/** A SOCKS 5 proxy (RFC 1928), with a user and password (RFC 1929) if given, and the hosts that clients requested. */
function socksProxy(login?: string, { reply = 0, address = [1, 127, 0, 0, 1], port }: SocksAnswer = {}) {
  const hosts: string[] = []
  const converse = async (socket: Socket) => {
    const next = async (): Promise<Buffer> => (await once(socket, 'data'))[0]
    const methods = (await next()).subarray(2)
    const method = login === undefined ? 0 : 2
    socket.write(Buffer.from([5, methods.includes(method) ? method : 0xff]))
    if (login !== undefined) {
      const given = await next()
      const user = given.subarray(2, 2 + Number(given[1]))
      const password = given.subarray(3 + user.length)
      socket.write(Buffer.from([1, `${user}:${password}` === login ? 0 : 1]))
    }
    const request = await next()
    const length = Number(request[4])
    hosts.push(`${request.subarray(5, 5 + length)}:${request.readUInt16BE(5 + length)}`)
    if (reply === null) return socket.end(Buffer.from([5, 0, 0]))
    socket.write(Buffer.from([5, reply, 0, ...address, 0, 80]))
    if (port !== undefined) return socket.pipe(connect(port, '127.0.0.1')).pipe(socket)
    return socket.end(reply === 0 ? 'hello' : '')
  }
  const server = createServer(socket => void converse(socket.on('error', () => {})).catch(() => {}))
  return { server, hosts }
}

t.test('CONNECT carries host, port and user', async t => {
  const { server, asked } = connectProxy()
  const port = await listen(t, server)
  for (const [login, host] of [
    ['', 'api.test'],
    ['user:p%40ss@', '[::1]'],
    ['user@', '192.0.2.7'],
  ] as const) {
    t.equal(await readAll(await tunnel(`http://${login}127.0.0.1:${port}`, host)), 'hello')
    const { url, headers } = asked.at(-1) ?? {}
    const basic = login && `Basic ${Buffer.from(decodeURIComponent(login).slice(0, -1)).toString('base64')}`
    const expected = basic === 'Basic dXNlcg==' ? 'Basic dXNlcjo=' : basic || undefined
    t.strictSame([url, headers?.host, headers?.['proxy-authorization']], [`${host}:443`, `${host}:443`, expected])
  }
})

t.test('SOCKS 5 works, too', async t => {
  for (const [login, scheme, host, address] of [
    [undefined, 'socks5', 'api.test', [1, 127, 0, 0, 1]],
    ['user:p@ss', 'socks', '[::1]', [4, ...Buffer.alloc(16)]],
    ['user:p@ss', 'socks5', '192.0.2.7', [3, 5, ...Buffer.from('proxy')]],
  ] as const) {
    const { server, hosts } = socksProxy(login, { address })
    const url = `${scheme}://${login ? 'user:p%40ss@' : ''}127.0.0.1:${await listen(t, server)}`
    t.equal(await readAll(await tunnel(url, host)), 'hello')
    t.strictSame(hosts, [`${host.replace(/[[\]]/g, '')}:443`])
  }
})

t.test('TLS works through both, and connections are reused', async t => {
  const ca = await makeCa()
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const upstream = createHttpsServer(await issue(ca, { names: ['localhost'] }), (_request, response) =>
    response.end('ok'),
  )
  const port = await listen(t, upstream)
  const throughConnect = createHttpServer().on('connect', (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    socket.pipe(connect(port, '127.0.0.1')).pipe(socket)
  })
  for (const [scheme, server] of [
    ['http', throughConnect],
    ['socks5', socksProxy(undefined, { port }).server],
  ] as const) {
    let connections = 0
    server.on('connection', () => connections++)
    const outbound = { url: `${scheme}://127.0.0.1:${await listen(t, server)}`, origin: 'test', noProxy: '' }
    const config = makeConfig({ upstream: 'https://localhost', config: { upstream: { caFile, outbound } } })
    const agents = createAgents(config.upstream)
    t.teardown(() => agents.destroy())
    for (const [dispatcher, made] of [
      [agents.pool, 1],
      [agents.pool, 1],
      [agents.fresh, 2],
    ] as const) {
      t.equal(await get(dispatcher, `https://localhost:${port}`), 'ok')
      t.equal(connections, made)
    }
  }
})

t.test('a proxy that closes instead of connecting gets one attempt per request', async t => {
  let connections = 0
  const closing = createServer(socket => {
    connections++
    socket.on('error', () => {}).once('data', () => socket.end())
  })
  const outbound = { url: `http://127.0.0.1:${await listen(t, closing)}`, origin: 'test', noProxy: '' }
  const config = makeConfig({ upstream: 'https://localhost', config: { upstream: { outbound } } })
  const { pool, fresh, destroy } = createAgents(config.upstream)
  t.teardown(destroy)
  await t.rejects(get(pool, 'https://localhost'), { name: 'ConnectError', cause: { name: 'OutboundProxyError' } })
  t.equal(connections, 1)
  await t.rejects(get(fresh, 'https://localhost'), { name: 'ConnectError', cause: { name: 'OutboundProxyError' } })
  t.equal(connections, 2)
})

t.test('a reply that is not SOCKS is an error', async t => {
  for (const said of ['HTTP/1.1 400 Bad Request', '\x05\x09', '\x05\x00HTTP']) {
    const port = await listen(
      t,
      createServer(socket => {
        socket.on('error', () => {}).write(said, 'latin1')
      }),
    )
    t.match(await detail(t, `socks5://127.0.0.1:${port}`), `127.0.0.1:${port} does not speak SOCKS 5`)
  }
})

t.test('a SOCKS reply may arrive in pieces, and an incomplete one is an error', async t => {
  const whole = [5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 80]
  for (const count of [1, 2, 3, 6, 8, 11, whole.length]) {
    const port = await listen(
      t,
      createServer(async socket => {
        socket.on('error', () => {}).setNoDelay()
        for (const byte of whole.slice(0, count)) {
          socket.write(Buffer.from([byte]))
          await new Promise(resolve => setImmediate(resolve))
        }
        socket.end(count === whole.length ? 'hello' : '')
      }),
    )
    if (count === whole.length) t.equal(await readAll(await tunnel(`socks5://127.0.0.1:${port}`)), 'hello')
    else
      t.match(await detail(t, `socks5://127.0.0.1:${port}`), 'closed the connection before sending a complete response')
  }
})

t.test('the certificate of an https proxy is verified for its own name', async t => {
  const ca = await makeCa()
  const { server } = connectProxy()
  const tls = createTlsServer(await issue(ca, { names: ['localhost'] }), socket => server.emit('connection', socket))
  const names: unknown[] = []
  tls.on('tlsClientError', (_error, socket) => names.push(Object(socket).servername || 'none'))
  const port = await listen(t, tls)
  t.match(await detail(t, `https://localhost:${port}`), `The certificate of localhost:${port} is not signed by a known`)
  t.match(await detail(t, `https://127.0.0.1:${port}`), 'The outbound proxy failed: The certificate of 127.0.0.1')
  await until(() => names.length === 2)
  t.strictSame(names, ['localhost', 'none'])
  const outbound = { url: `https://localhost:${port}`, origin: 'test', noProxy: '' }
  const config = { upstream: { outbound, authorities: ca.cert, connectTimeout: 2 * TIMEOUT } }
  const { upstream } = makeConfig({ upstream: 'app', config })
  const connector = new Connector(upstream, { clock: testClock(), lookup: systemLookup })
  t.equal(await readAll(await connector.open({ host: 'api.test', port: 443 })), 'hello')
})

t.test('a proxy that refuses is named, never with its password', async t => {
  const rows: [answer: (socket: Socket) => unknown, says: string][] = [
    [
      socket => socket.end('HTTP/1.1 407 No\r\n\r\n'),
      'requires a valid user and password: set user:password@127.0.0.1',
    ],
    [socket => socket.end('HTTP/1.1 403 No\r\n\r\n'), 'refused to connect to api.test (403)'],
    [socket => socket.end(), 'closed the connection before sending a complete response'],
    [socket => socket.resetAndDestroy(), 'closed the connection before sending a complete response'],
    [socket => socket.end('SSH-2.0-OpenSSH\r\n\r\n'), 'is not valid HTTP'],
  ]
  for (const [answer, says] of rows) {
    let connections = 0
    const port = await listen(
      t,
      createServer(socket => {
        connections++
        socket.on('error', () => {}).once('data', () => answer(socket))
      }),
    )
    const said = await detail(t, `http://user:MARK@127.0.0.1:${port}`)
    t.match(said, `127.0.0.1:${port}`)
    t.match(said, says)
    t.notMatch(said, /MARK/)
    t.equal(connections, 1)
  }
  for (const [{ server }, says, login] of [
    [socksProxy('user:other'), 'requires a valid user and password', 'user:MARK@'],
    [socksProxy('user:other'), 'requires a valid user and password', ''],
    [socksProxy('user:MARK', { reply: 2 }), 'refused to connect to api.test (2)', 'user:MARK@'],
    [
      socksProxy('user:MARK', { reply: null }),
      'closed the connection before sending a complete response',
      'user:MARK@',
    ],
  ] as const) {
    const port = await listen(t, server)
    const failure = await failureOf(tunnel(`socks5://${login}127.0.0.1:${port}`))
    const { detail } = explainNetworkError(failure, 'api.test')
    t.match(detail, `127.0.0.1:${port}`)
    t.match(detail, says)
    t.notMatch(inspect(failure, { depth: null }) + detail, /MARK/)
  }
  t.match(
    await detail(t, 'socks5://proxy.invalid'),
    'The outbound proxy failed: The name proxy.invalid cannot be resolved',
  )
  const nobody = createServer()
  const port = await listen(t, nobody)
  nobody.close()
  for (const scheme of ['http', 'socks5'])
    t.match(
      await detail(t, `${scheme}://127.0.0.1:${port}`),
      `The outbound proxy failed: 127.0.0.1:${port} refuses connections`,
    )
})

t.test('a silent proxy times out', async t => {
  const sockets: Socket[] = []
  const port = await listen(
    t,
    createServer(socket => void sockets.push(socket.on('error', () => {}))),
  )
  for (const scheme of ['http', 'socks5']) {
    const clock = testClock()
    const failure = failureOf(tunnel(`${scheme}://127.0.0.1:${port}`, 'api.test', clock))
    await until(() => sockets.length > 0)
    await clock.advance(TIMEOUT)
    t.match(explainNetworkError(await failure, 'api.test'), {
      nature: 'timeout',
      maybeSent: false,
      detail:
        /^The outbound proxy 127\.0\.0\.1:\d+ did not connect to api\.test in time \(half of upstream\.connectTimeout\)/,
    })
    const [socket] = sockets.splice(0)
    if (socket && !socket.closed) await once(socket.resume(), 'close')
  }
})
