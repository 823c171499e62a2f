import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { EndController } from '../../src/kernel/end-signal.ts'
import { FORWARD_ROUTE } from '../../src/request/own-path.ts'
import { limits } from '../../src/server/limits.ts'
import { EARLY } from '../support/clock.ts'
import { dial, readAll, talk } from '../support/http.ts'
import { clientOf, makeConfig, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const TOKEN = 'the-token-of-the-client-ci'
const SHOWN = { headers: { authorization: `Bearer ${TOKEN}` } }

/** The most logins of strangers at one time. */
const PLACES = 16

async function start(t: Test, maxRequests = 5) {
  const clients = [clientOf('ci', TOKEN, {}, true)]
  const proxy = await startPair(t, { config: { clients, listen: { maxRequests } } })
  const inFlight = async () => {
    const { text } = await proxy.call('/_proxy/metrics', SHOWN)
    return Number(/requests_in_flight (\d+)/.exec(text)?.[1])
  }
  /** Sends requests that stop in the middle of their bodies. */
  const stall = async (count: number, line = 'POST /login', ...headers: string[]) => {
    const before = await inFlight()
    const sockets = Array.from({ length: count }, () => {
      const socket = dial(proxy.port)
      const head = [`${line} HTTP/1.1`, 'host: localhost', 'content-length: 1000', ...headers]
      socket.write(`${head.join('\r\n')}\r\n\r\n{`)
      t.teardown(() => socket.destroy())
      return socket
    })
    await until(async () => (await inFlight()) === before + count)
    return sockets
  }
  return { ...proxy, stall, inFlight }
}

const login = (password: string) => ({ method: 'POST', body: JSON.stringify({ password }) })

t.test('unfinished logins of strangers do not take slots from other requests', async t => {
  const { stall, call } = await start(t)
  await stall(5)
  t.equal((await call('/v2/policy', SHOWN)).status, 200)
  t.equal((await call('/login', { method: 'POST', ...SHOWN })).status, 200)
  t.equal((await call('/login', login(TOKEN))).status, 200)
})

t.test('logins of strangers have few slots of their own, and ten seconds', async t => {
  const { stall, call, clock, inFlight } = await start(t)
  const sockets = [
    ...(await stall(PLACES - 3)),
    ...(await stall(3, 'POST /_compute/api/v1/authenticate', 'expect: 100-continue')),
  ]
  const told = sockets.map(readAll)
  const refused = await call('/login', login(TOKEN))
  t.match(refused, { status: 503, headers: { 'retry-after': '1' } })
  t.match(refused.json(), {
    type: '/_proxy/problems/overloaded',
    detail: 'Too many logins at one time (limit: 16); retry later',
  })
  t.equal((await call('/v2/policy', SHOWN)).status, 200)
  t.equal((await call('/login', { method: 'POST', ...SHOWN })).status, 200, 'who shows a token is no stranger')
  const drift = clock.drifted()
  await clock.advance(10_000 - EARLY - drift)
  t.equal(await inFlight(), PLACES)
  await clock.advance(EARLY + drift)
  await until(async () => (await inFlight()) === 0)
  t.equal((await call('/login', login(TOKEN))).status, 200)
  await clock.advance(5_000)
  for (const text of await Promise.all(told)) t.match(text, /^(HTTP\/1\.1 100 .*)?HTTP\/1\.1 408 .*within 10 s/s)
})

t.test('the ten seconds are for the whole body, even if it trickles', async t => {
  for (const pause of [900, 2_000, 20_000]) {
    const { stall, clock, inFlight } = await start(t)
    const [socket] = await stall(1)
    const told = readAll(socket as Socket)
    const from = clock.monotonic()
    while ((await inFlight()) > 0) {
      socket?.write(' ')
      await clock.advance(pause)
    }
    t.ok(clock.monotonic() - from - clock.drifted() <= Math.max(11_000, pause), `a byte every ${pause} ms`)
    await clock.advance(5_000)
    t.match(await told, /^HTTP\/1\.1 408 /)
  }
})

t.test('if no token is required, logins have ten seconds too', async t => {
  const { port, clock } = await startPair(t)
  const told = talk(port, 'POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n')
  while (clock.monotonic() < 15_000) await clock.advance(1_000)
  t.match(await told, /^HTTP\/1\.1 408 /)
})

t.test('any other unfinished request of a stranger gets a response, and its connection is closed', async t => {
  const { clock, port } = await start(t)
  const rows: [line: string, status: number][] = [
    ['GET /_proxy/livez', 200],
    ['POST /_proxy/livez', 404],
    ['POST /v2/policy', 401],
    ['GET /auth_token/extend', 401],
    ['POST /_compute/login', 401],
  ]
  for (const [line, status] of rows) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    socket.write(`${line} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{`)
    const [answer] = await once(socket, 'data')
    t.match(`${answer}`, new RegExp(`^HTTP/1\\.1 ${status} .*\r\nconnection: close\r\n`, 'is'), line)
    await clock.advance(5_000)
    await until(() => !socket.write(' ') || socket.destroyed)
  }
})

t.test('a request whose client left early takes no slot', async t => {
  const app = Fastify()
  app.decorateRequest('exchange', null)
  app.addHook('onRequest', async request => {
    const over = new EndController('the client has left')
    if (request.headers.left) over.abort()
    request.exchange = Object.assign(Object.create(null), { client: null, over })
  })
  const config = makeConfig({ upstream: 'app2', config: { listen: { maxRequests: 1 } } })
  limits(app, { config: () => config })
  app.setErrorHandler((_error, _request, reply) => reply.code(503).send())
  app.get(FORWARD_ROUTE, async () => '')
  t.teardown(() => app.close())
  const status = async (headers: Record<string, string>) =>
    (await app.inject({ url: FORWARD_ROUTE, headers })).statusCode
  t.equal(await status({ left: 'yes' }), 200)
  t.equal(await status({}), 200)
  t.equal(await status({}), 503)
  t.equal(await status({ left: 'yes' }), 200)
})
