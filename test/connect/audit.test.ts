import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { connect as connectSecurely } from 'node:tls'
import t, { type Test } from 'tap'
import { LocalCertificates } from '../../src/tls/local-certificates.ts'
import { testClock } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { clientOf, type ProxyOptions, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const API = 'api2.prismacloud.io'
const TOKEN = 'the-token-of-the-client-ci'
const SHOWN = `proxy-authorization: Bearer ${TOKEN}`

/** A proxy that tunnels to other hosts, through an outbound proxy that plays the host and echoes what it receives. */
async function start(t: Test, options: Partial<ProxyOptions> = {}) {
  const clock = testClock(Date.now())
  const lines: Record<string, unknown>[] = []
  const echo = createServer(socket => {
    socket
      .on('error', () => {})
      .once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.on('data', chunk => (`${chunk}` === 'break off' ? socket.resetAndDestroy() : socket.write(chunk)))
      })
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [], 'fine')))
  const authority = new LocalCertificates(join(t.testdir(), 'state'), 'localhost', clock)
  const proxy = await startProxy(t, {
    upstream: API,
    upstreamAt: upstream.url,
    clock,
    authority,
    ...options,
    audit: { write: line => void lines.push(JSON.parse(line)), ...options.audit },
    config: {
      connect: { enabled: true, others: 'tunnel' },
      upstream: { outbound: { url, origin: 'test', noProxy: '' } },
      clients: [clientOf('ci', TOKEN)],
      ...options.config,
    },
  })
  t.teardown(() => echo.close())
  await proxy.app.interceptor?.open()
  const ask = (target: string, ...headers: string[]) => {
    const socket = dial(proxy.port)
    socket.write([`CONNECT ${target} HTTP/1.1`, `host: ${target}`, ...headers, '', ''].join('\r\n'))
    return socket
  }
  /** The line of the one connection that has ended since. */
  const told = async () => {
    await until(() => lines.length > 0)
    return lines.splice(0)
  }
  return { ...proxy, ask, told, clock, lines }
}

t.test('a tunnel has an audit line with client, host, duration and bytes', async t => {
  const { ask, told, clock } = await start(t)
  const socket = ask('example.com:443', SHOWN, 'x-request-id: id-1')
  await once(socket, 'data')
  await clock.advance(1_500)
  socket.write('hello')
  await once(socket, 'data')
  socket.end()
  const [line, ...others] = await told()
  t.strictSame(others, [])
  t.match(line?.time, /^\d{4}-.*Z$/)
  t.strictSame(
    { ...line, time: '' },
    {
      time: '',
      requestId: 'id-1',
      client: 'ci',
      method: 'CONNECT',
      host: 'example.com:443',
      status: 200,
      bytesFromClient: 5,
      bytesToClient: 5,
      ms: 1_500,
      verdict: 'tunnelled',
    },
  )
})

t.test('bytes sent before the response are counted', async t => {
  const { port, told } = await start(t)
  const socket = dial(port)
  socket.write(`CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n${SHOWN}\r\n\r\nearly`)
  let heard = ''
  socket.on('data', chunk => {
    heard += chunk
  })
  await until(() => heard.endsWith('early'))
  socket.end()
  t.match(await told(), [{ bytesFromClient: 5, bytesToClient: 5, verdict: 'tunnelled' }])
})

t.test('the line says how the tunnel ended', async t => {
  const { ask, told, clock } = await start(t)
  const broken = ask('example.com:443', SHOWN)
  await once(broken, 'data')
  broken.write('break off')
  t.match(await told(), [{ status: 200, verdict: 'aborted', bytesFromClient: 9 }])
  const idle = ask('example.com:443', SHOWN)
  await once(idle, 'data')
  await clock.advance(10 * 60_000)
  await clock.advance(10 * 60_000)
  t.match(await told(), [{ status: 200, verdict: 'idle', ms: 20 * 60_000 }])
  const left = ask('example.com:443', SHOWN)
  await once(left, 'data')
  left.resetAndDestroy()
  t.match(await told(), [{ status: 200, verdict: 'aborted' }])
})

t.test('a refused connection has a line, too, for any client', async t => {
  const { ask, told, log } = await start(t)
  const rows: [target: string, headers: string[], line: object][] = [
    ['example.com:443', [], { client: null, status: 407, verdict: 'client-unauthorized' }],
    ['example.com:443', ['proxy-authorization: Bearer no'], { client: null, status: 407 }],
    ['127.0.0.1:22', [SHOWN], { client: 'ci', status: 403, verdict: 'host-not-allowed', host: '127.0.0.1:22' }],
    ['/x', [SHOWN], { client: 'ci', status: 400, verdict: 'invalid-request' }],
    [`${'x'.repeat(5_000)}:1`, [], { status: 400, host: 'x'.repeat(300) }],
    [`${API}:443/v2/alert?private`, [], { status: 400, host: `${API}:443/v2/alert` }],
  ]
  for (const [target, headers, line] of rows) {
    const answer = await readAll(ask(target, ...headers))
    const [, requestId] = /x-request-id: (\S+)/.exec(answer) ?? []
    t.match(await told(), [{ method: 'CONNECT', requestId, bytesFromClient: 0, bytesToClient: 0, ...line }])
    t.match(log.at(-1), { requestId })
    t.ok(log.at(-1)?.msg?.startsWith(`CONNECT ${'host' in line ? line.host : target}: `))
  }
})

t.test('a connection to an API host has a line, and so has each request on it', async t => {
  const { ask, lines } = await start(t)
  const socket = ask(`${API}:443`, SHOWN)
  await once(socket, 'data')
  const secure = connectSecurely({ socket, servername: API, rejectUnauthorized: false })
  secure.write(`GET /v2/policy HTTP/1.1\r\nhost: ${API}\r\nconnection: close\r\n\r\n`)
  t.match(await readAll(secure), /200 OK.*fine$/s)
  await until(() => lines.length === 2)
  const [request, connection] = lines
  t.match(request, { method: 'GET', path: '/v2/policy', client: 'ci', verdict: 'forwarded' })
  t.match(connection, { method: 'CONNECT', host: `${API}:443`, client: 'ci', status: 200, verdict: 'served' })
  for (const count of [connection?.bytesFromClient, connection?.bytesToClient])
    t.ok(Number(count) > 200 && Number(count) < 10_000, `${count}`)
})

t.test('no connection is made if the audit is required and cannot be written', async t => {
  const disk = { isFull: false }
  const begun: string[] = []
  const writeNow = (line: string) => {
    begun.push(line)
    return !disk.isFull
  }
  const { ask } = await start(t, {
    config: { audit: { required: true, file: '/x' }, clients: [] },
    audit: { write() {}, writeNow },
  })
  const socket = ask('example.com:443', 'x-request-id: id-1')
  await once(socket, 'data')
  t.match(JSON.parse(`${begun[0]}`), {
    requestId: 'id-1',
    method: 'CONNECT',
    host: 'example.com:443',
    verdict: 'begun',
  })
  socket.destroy()
  disk.isFull = true
  for (const target of ['example.com:443', `${API}:443`])
    t.match(await readAll(ask(target)), /^HTTP\/1\.1 503 .*audit-unavailable/s)
})
