import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createAgents } from '../../src/upstream/agent.ts'
import { Connector } from '../../src/upstream/connection/connector.ts'
import type { Lookup } from '../../src/upstream/connection/dial.ts'
import { explainNetworkError } from '../../src/upstream/network-error.ts'
import { blackhole } from '../support/blackhole.ts'
import { settle, type TestClock, testClock } from '../support/clock.ts'
import { makeConfig } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { get } from './get.ts'

const TIMEOUT = 10_000

/** A server that accepts connections and sends nothing. */
async function silent(t: Test) {
  const sockets: Socket[] = []
  const server = createServer(socket => sockets.push(socket.on('error', () => {}).resume())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets }
}

function upstreamBy(url: string | null) {
  const outbound = url === null ? null : { url, origin: 'test', noProxy: '' }
  return makeConfig({ upstream: 'app', config: { upstream: { outbound, connectTimeout: TIMEOUT } } }).upstream
}

/** Connects; resolves with the error, if any. */
async function connecting(
  origin: string,
  clock: TestClock,
  outbound: string | null = null,
  lookup?: Lookup,
): Promise<unknown> {
  const connector = new Connector(upstreamBy(outbound), { clock, lookup: lookup ?? failing })
  return connector.connect(origin, ['http/1.1']).then(
    socket => void socket.destroy(),
    error => error,
  )
}

const failing: Lookup = async () => {
  throw Object.assign(new Error(), { code: 'ENOTFOUND' })
}

const tooLate = {
  nature: 'timeout',
  maybeSent: false,
  detail: /^Connecting to .* timed out \(upstream\.connectTimeout\)/,
}

t.test('one timeout covers lookup, TCP and TLS', async t => {
  const { port: dead } = await blackhole(t, '127.0.0.2')
  const { port: mute, sockets } = await silent(t)
  const never: Lookup = () => new Promise(() => {})
  for (const [origin, lookup] of [
    [`http://127.0.0.2:${dead}`],
    [`https://127.0.0.1:${mute}`],
    ['https://slow.test', never],
  ] as const) {
    const clock = testClock()
    const failure = connecting(origin, clock, null, lookup)
    if (origin.includes('127.0.0.1')) await until(() => sockets.length > 0)
    await settle()
    await clock.advance(TIMEOUT)
    t.match(explainNetworkError(await failure, 'api.test'), tooLate, origin)
  }
  await until(() => sockets.every(({ closed }) => closed))
})

t.test('a silent outbound proxy has half of the timeout, TLS through it the other half', async t => {
  const { port, sockets } = await silent(t)
  const clock = testClock()
  const failure = connecting('https://api.test', clock, `http://127.0.0.1:${port}`)
  await until(() => sockets.length > 0)
  await clock.advance(TIMEOUT / 2)
  t.match(explainNetworkError(await failure, 'api.test'), {
    nature: 'timeout',
    detail: /^The outbound proxy 127\.0\.0\.1:\d+ did not connect/,
  })
  const { url } = await rawUpstream(t, ({ socket }) => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
  const later = testClock()
  const late = connecting('https://api.test', later, url)
  for (let time = 0; time < TIMEOUT; time += TIMEOUT / 10) {
    await later.advance(TIMEOUT / 10)
    await settle(20)
  }
  t.match(explainNetworkError(await late, 'api.test'), tooLate)
})

t.test('nothing was sent if no connection was made, whatever the error', async t => {
  for (const code of ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ESTRANGE', 'ETIMEDOUT']) {
    const lookup: Lookup = async () => {
      throw Object.assign(new Error(), { code })
    }
    const failure = await connecting('https://api.test', testClock(), null, lookup)
    t.equal(explainNetworkError(failure, 'api.test').maybeSent, false, code)
  }
})

t.test('requests, auth calls and tunnels skip a dead address of the API', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [], 'ok')))
  const port = Number(new URL(upstream.url).port)
  await blackhole(t, '127.0.0.2', port)
  const lookup: Lookup = async () => ['127.0.0.2', '127.0.0.1'].map(address => ({ address, family: 4 }))
  const clock = testClock()
  const agents = createAgents(upstreamBy(null), { clock, lookup })
  t.teardown(() => agents.destroy())
  const origin = `http://api.test:${port}`
  const got = Promise.all([
    get(agents.pool, origin),
    get(agents.fresh, origin),
    agents.open({ host: 'api.test', port }),
  ])
  await settle()
  await clock.advance(250)
  const [pooled, fresh, socket] = await got
  socket.destroy()
  t.strictSame([pooled, fresh], ['ok', 'ok'])
})

t.test('connections to an outbound proxy skip a dead address, too', async t => {
  const proxy = await rawUpstream(t, ({ socket }) => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
  const port = Number(new URL(proxy.url).port)
  await blackhole(t, '127.0.0.2', port)
  const lookup: Lookup = async () => ['127.0.0.2', '127.0.0.1'].map(address => ({ address, family: 4 }))
  const clock = testClock()
  const opening = new Connector(upstreamBy(`http://proxy.test:${port}`), { clock, lookup }).open({
    host: 'x.test',
    port: 443,
  })
  await settle()
  await clock.advance(250)
  ;(await opening).destroy()
  t.match(proxy.requests[0]?.head, /^CONNECT x\.test:443 HTTP\/1\.1\r\n/)
  t.match(proxy.requests[0]?.head, /\r\nuser-agent: prismacloud-proxy\/\d+\.\d+\.\d+\r\n/i)
})

t.test('connections from before a reload finish their request and are not used again', async t => {
  const held: (() => void)[] = []
  const upstream = await rawUpstream(t, request => void held.push(() => request.answer(http('200 OK', [], 'ok'))))
  const config = upstreamBy(null)
  const agents = createAgents(config)
  t.teardown(() => agents.destroy())
  const send = async () => {
    const [before, answered] = [upstream.requests.length, get(agents.pool, upstream.url)]
    await until(() => upstream.requests.length > before)
    return { answered, socket: upstream.requests[before]?.socket, answer: held.at(-1) }
  }
  const [idle, running] = [await send(), await send()]
  idle.answer?.()
  await idle.answered
  agents.reload({ ...config })
  const again = await send()
  t.equal(again.socket, idle.socket, 'what did not change is kept')
  again.answer?.()
  await again.answered

  agents.reload({ ...config, connectTimeout: 1 + TIMEOUT })
  await until(() => idle.socket?.closed === true)
  t.notOk(running.socket?.closed)
  running.answer?.()
  t.equal(await running.answered, 'ok')
  const next = await send()
  t.notOk([idle.socket, running.socket].includes(next.socket))
  next.answer?.()
  t.equal(await next.answered, 'ok')
})
