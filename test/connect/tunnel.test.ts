import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { join, openTunnel, type TunnelOptions } from '../../src/connect/tunnel.ts'
import { createAgents } from '../../src/upstream/agent.ts'
import { type Lookup, systemLookup } from '../../src/upstream/connection/dial.ts'
import { settle, testClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.ts'
import { dial, readAll } from '../support/http.ts'
import { makeConfig } from '../support/proxy.ts'
import { until } from '../support/until.ts'

/** Options for a direct tunnel, or one through an outbound proxy. */
function by(url: string | null, clock = testClock()): TunnelOptions {
  const outbound = url === null ? null : { url, origin: 'test', noProxy: '' }
  const { upstream } = makeConfig({ upstream: 'app', config: { upstream: { outbound } } })
  const { open } = createAgents(upstream, { clock, lookup: systemLookup })
  return { outbound, clock, open, lookup: systemLookup, isSelf: () => false }
}

const DIRECT = by(null)

/** A host that echoes what it receives, and its connections. */
async function echo(t: Test) {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.push(socket)
    socket.on('error', () => {}).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { hostPort: { host: 'localhost', port }, port, sockets }
}

/** An outbound proxy that responds to CONNECT with a status, and then plays the host itself. */
async function outbound(t: Test, status: number, port: number) {
  const requests: IncomingMessage[] = []
  const server = createHttpServer().listen(0, '127.0.0.1')
  server.on('connect', (request, socket) => {
    requests.push(request)
    socket.write(`HTTP/1.1 ${status} Whatever\r\n\r\n`)
    if (status !== 200) {
      socket.end()
      return
    }
    const host = connect(port, '127.0.0.1')
    socket.on('error', () => {}).pipe(host)
    host.on('error', () => {}).pipe(socket)
  })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** The two ends of a connection: the client's socket and the server's. */
async function ends(t: Test): Promise<[client: Socket, accepted: Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = dial((server.address() as AddressInfo).port)
  const [accepted] = await once(server, 'connection')
  t.teardown(() => {
    for (const socket of [client, accepted]) socket.destroy()
    server.close()
  })
  return [client, accepted]
}

t.test('a tunnel passes on every byte', async t => {
  const { hostPort } = await echo(t)
  const [client, accepted] = await ends(t)
  const joined = join(accepted, await openTunnel(hostPort, DIRECT), DIRECT.clock)
  const heard = readAll(client)
  client.end('x'.repeat(1_000_000))
  t.equal((await heard).length, 1_000_000)
  await joined
})

t.test('a tunnel ends with either side', async t => {
  const { hostPort, sockets } = await echo(t)
  const [client, accepted] = await ends(t)
  const joined = join(accepted, await openTunnel(hostPort, DIRECT), DIRECT.clock)
  client.destroy()
  await joined
  await until(() => sockets[0]?.closed === true)
  const [other, otherAccepted] = await ends(t)
  const over = join(otherAccepted, await openTunnel(hostPort, DIRECT), DIRECT.clock)
  await until(() => sockets.length === 2)
  sockets[1]?.resetAndDestroy()
  await over
  await readAll(other)
})

t.test('an idle tunnel is closed', async t => {
  const clock = testClock()
  const { hostPort } = await echo(t)
  const [client, accepted] = await ends(t)
  const joined = join(accepted, await openTunnel(hostPort, { ...DIRECT, clock }), clock)
  const heard = readAll(client)
  client.write('a')
  await until(() => accepted.bytesWritten === 1)
  await clock.advance(10 * 60_000)
  client.write('b')
  await until(() => accepted.bytesWritten === 2)
  await clock.advance(10 * 60_000)
  t.notOk(accepted.destroyed, 'something was')
  await clock.advance(10 * 60_000)
  await joined
  t.equal(await heard, 'ab')
})

t.test('a tunnel goes through the outbound proxy, with user and password', async t => {
  const { hostPort, port } = await echo(t)
  const { address, requests } = await outbound(t, 200, port)
  for (const [url, login] of [
    [`http://${address}`, undefined],
    [`http://user:p%40ss@${address}`, `Basic ${Buffer.from('user:p@ss').toString('base64')}`],
    [`http://user@${address}`, `Basic ${Buffer.from('user:').toString('base64')}`],
  ] as const) {
    const socket = await openTunnel(hostPort, by(url))
    socket.write('hello')
    const [heard] = await once(socket, 'data')
    t.equal(`${heard}`, 'hello')
    socket.destroy()
    const { url: target, headers } = requests.at(-1) ?? {}
    t.strictSame([target, headers?.['proxy-authorization']], [`localhost:${port}`, login])
  }
})

t.test('a failed tunnel says why', async t => {
  const { hostPort, port } = await echo(t)
  const refusing = await outbound(t, 403, port)
  const byName = `http://localhost:${new URL(`http://${refusing.address}`).port}`
  const judging = { isSelf: (address: string) => /^(127\.0\.0\.1|::1)$/.test(address) }
  const own: TunnelOptions = { ...DIRECT, isSelf: address => address === '127.0.0.1' || address === '::1' }
  const rows: [string, number, TunnelOptions, object][] = [
    ['127.0.0.1', port, own, { type: 'host-not-allowed', detail: /this machine itself/ }],
    ['localhost', port, own, { type: 'host-not-allowed', detail: /this machine itself/ }],
    ['[::1]', port, own, { type: 'host-not-allowed' }],
    ['192.0.2.7', port, { ...by(`http://${refusing.address}`), isSelf: () => true }, { type: 'host-not-allowed' }],
    ['localhost', port, { ...by(`http://${refusing.address}`), ...judging }, { type: 'host-not-allowed' }],
    ['localhost', port, { ...by(byName), ...judging }, { type: 'host-not-allowed' }],
    ['none.invalid', port, { ...by(byName), ...judging }, { detail: /refused to connect to none\.invalid/ }],
    ['127.0.0.1', await freePort(), DIRECT, { type: 'upstream-unreachable', detail: /^127\.0\.0\.1:\d+ refuses/ }],
    ['none.invalid', 443, DIRECT, { type: 'upstream-unreachable', detail: /none\.invalid/ }],
    [
      'localhost',
      port,
      by(`http://${refusing.address}`),
      { detail: /The outbound proxy \S+ refused to connect to localhost:\d+ \(403\)/ },
    ],
    ['localhost', port, by(`http://127.0.0.1:${await freePort()}`), { type: 'upstream-unreachable' }],
  ]
  for (const [host, at, options, problem] of rows)
    await t.rejects(openTunnel({ host, port: at }, options), { name: 'Problem', ...problem }, host)
  t.equal(hostPort.port, port)
  const asked = refusing.requests.map(({ url }) => url)
  t.strictSame(asked, [`none.invalid:${port}`, `localhost:${port}`], 'the proxy was not asked for this machine')
})

t.test('opening a tunnel has the timeout of a connection to the API', async t => {
  const clock = testClock()
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const opening = openTunnel({ host: 'localhost', port: 443 }, by(`http://127.0.0.1:${port}`, clock))
  await once(silent, 'connection')
  const refused = t.rejects(opening, { name: 'Problem', type: 'upstream-timeout' })
  await clock.advance(5_000)
  await refused
})

t.test('all addresses of a name are checked, also if an outbound proxy on this machine resolves it', async t => {
  const { port } = await echo(t)
  const { address, requests } = await outbound(t, 200, port)
  const found: Record<string, string[]> = { 'mixed.test': ['192.0.2.7', '127.0.0.1'], 'proxy.test': ['192.0.2.8'] }
  const lookup: Lookup = async name => (found[name] ?? []).map(address => ({ address, family: 4 }))
  const isSelf = (host: string) => host === '127.0.0.1'
  const target = { host: 'mixed.test', port }
  for (const way of [by(null), by(`http://${address}`)])
    await t.rejects(openTunnel(target, { ...way, lookup, isSelf }), { name: 'Problem', type: 'host-not-allowed' })
  t.strictSame(requests, [])
  const asked: string[] = []
  const noting: Lookup = name => {
    asked.push(name)
    return lookup(name)
  }
  const open: TunnelOptions['open'] = async () => {
    throw new Error('it would have gone there')
  }
  const elsewhere = { ...by('http://proxy.test:3128'), lookup: noting, isSelf, open }
  await t.rejects(openTunnel(target, elsewhere), { name: 'Problem', type: 'upstream-unreachable' })
  t.strictSame(asked, ['proxy.test'], 'one elsewhere has names of its own')
})

t.test('a slow name server does not block a tunnel through an outbound proxy on this machine', async t => {
  const clock = testClock()
  const { port } = await echo(t)
  const { address } = await outbound(t, 200, port)
  const way = { ...by(`http://${address}`, clock), isSelf: (host: string) => host === '127.0.0.1' }
  const opening = openTunnel({ host: 'slow.test', port }, { ...way, lookup: () => new Promise(() => {}) })
  await settle()
  await clock.advance(2_000)
  ;(await opening).destroy()
})
