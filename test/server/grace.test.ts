import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { GRACE } from '../../src/server/drain.ts'
import { settle, testClock } from '../support/clock.ts'
import { call, dial, readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`
const LIVE = get('/_proxy/livez')

/** The drain timeout, and when requests are refused, in milliseconds. */
const [TIMEOUT, LATE] = [10_000, 8_000]

/** A proxy whose upstream responds when the test says so. */
async function start(t: Test, drainTimeout = TIMEOUT) {
  const clock = testClock()
  const upstream = await rawUpstream(t, () => {})
  const proxy = await startProxy(t, { upstream: upstream.url, clock, config: { listen: { drainTimeout } } })
  const arrived = async (count: number): Promise<RawRequest> => {
    await until(() => upstream.requests.length === count)
    const request = upstream.requests.at(-1)
    if (!request) throw new Error('no request')
    return request
  }
  /** A connection on which a request has been answered, and that the client keeps. */
  const keep = async () => {
    const socket = dial(proxy.port)
    t.match(await ask(socket, LIVE), /\r\nConnection: keep-alive\r\n/)
    return socket
  }
  const leave = () => proxy.app.close({ grace: true })
  const accepts = () => proxy.app.server.server.listening
  return { clock, upstream, arrived, keep, leave, accepts, ...proxy }
}

/** Sends a request and gives the next bytes, which are the whole response. */
async function ask(socket: Socket, request: string): Promise<string> {
  socket.write(request)
  const [bytes] = await once(socket, 'data')
  return String(bytes)
}

t.test('a client that keeps its connection is served once more, and told to open another', async t => {
  const { keep, leave, clock, port } = await start(t)
  const kept = await keep()
  const leaving = leave()
  await clock.advance(GRACE - 100)
  t.match(await ask(kept, LIVE), /^HTTP\/1\.1 200 OK\r\n(.*\r\n)?connection: close\r\n/is)
  await readAll(kept)
  t.match((await call(port, '/_proxy/livez')).headers, { connection: 'close' }, 'new connections are accepted, too')
  await clock.advance(100)
  t.equal(await leaving, true)
  await t.rejects(call(port, '/_proxy/livez'), { code: 'ECONNREFUSED' })
})

t.test('a proxy that is leaving is not ready, and says why', async t => {
  const { keep, leave, clock, call, app } = await start(t)
  await app.login()
  t.match(await call('/_proxy/readyz'), { status: 200 })
  await keep()
  const leaving = leave()
  const reply = await call('/_proxy/readyz')
  t.equal(reply.status, 503)
  t.strictSame(reply.json(), { ready: false, draining: true, waitingFor: [] })
  t.match((await call('/_proxy/status')).json(), { ready: false })
  t.equal((await call('/_proxy/livez')).status, 200)
  await clock.advance(GRACE)
  t.equal(await leaving, true)
})

t.test('a connection that is not used within the grace period is closed at its end', async t => {
  const { keep, leave, clock, port } = await start(t)
  const kept = await keep()
  const opened = dial(port)
  await once(opened, 'connect')
  const leaving = leave()
  await clock.advance(GRACE - 100)
  t.notOk(kept.closed || opened.closed)
  await clock.advance(100)
  await readAll(kept)
  await clock.advance(1_000)
  await readAll(opened)
  t.equal(await leaving, true)
})

t.test('without a connection in use there is no grace period', async t => {
  const nobody = await start(t)
  t.equal(await nobody.leave(), true)
  const unused = await start(t)
  const idle = dial(unused.port)
  const kept = await unused.keep()
  await unused.clock.advance(GRACE + 100)
  t.equal(await unused.leave(), true)
  await Promise.all([readAll(idle), readAll(kept)])
})

/** Has the upstream begin a response, whose head is sent to a client that keeps its connection. */
async function begin({ port, arrived }: Awaited<ReturnType<typeof start>>) {
  const kept = dial(port)
  kept.write(get('/running'))
  const request = await arrived(1)
  request.answer('HTTP/1.1 200 OK', 'content-length: 4', '', 'fi')
  await once(kept, 'data')
  const finish = async () => {
    request.answer('ne')
    await once(kept, 'data')
    await settle()
  }
  return { kept, finish }
}

t.test('what is sent in part may be completed after the grace period, but not for long', async t => {
  const { leave, arrived, clock, port, accepts, app } = await start(t)
  const accepted: Socket[] = []
  app.server.server.on('connection', socket => accepted.push(socket))
  const [running, late, later] = [dial(port), dial(port), dial(port)]
  const answers = [running, late, later].map(readAll)
  running.write(get('/running'))
  const request = await arrived(1)
  const leaving = leave()
  for (const socket of [late, later]) socket.write('GET /late HTTP/1.1\r\n')
  // otherwise they might pass for connections that were only opened
  await until(() => accepted.filter(({ bytesRead }) => bytesRead > 0).length === 3)
  await clock.advance(GRACE)
  t.notOk(accepts())
  late.write('host: localhost\r\n\r\n')
  const second = await arrived(2)
  await clock.advance(LATE - GRACE)
  t.match(await answers[2], '', 'what is not complete within a second is closed')
  second.answer(http('200 OK', [], 'second'))
  t.match(await answers[1], /\r\nconnection: close\r\n.*second$/is)
  await clock.advance(TIMEOUT - LATE)
  t.equal(await leaving, false)
  t.equal(await answers[0], '')
  await request.closed
})

t.test('a response that could not announce the end of its connection may be followed by another', async t => {
  for (const passed of [100, GRACE + 100]) {
    const proxy = await start(t)
    const { kept, finish } = await begin(proxy)
    const leaving = proxy.leave()
    await proxy.clock.advance(passed)
    await finish()
    t.equal(proxy.accepts(), passed < GRACE)
    const answer = readAll(kept)
    kept.write(LIVE)
    t.match(await answer, /^HTTP\/1\.1 200 OK\r\n(.*\r\n)?connection: close\r\n/is)
    await proxy.clock.advance(GRACE)
    t.equal(await leaving, true)
  }
})

t.test('a connection that stays unused after such a response is closed', async t => {
  const proxy = await start(t)
  const { kept, finish } = await begin(proxy)
  const all = readAll(kept)
  const leaving = proxy.leave()
  await proxy.clock.advance(GRACE)
  await finish()
  t.notOk(kept.closed)
  await proxy.clock.advance(1_000)
  t.equal(await all, 'ne')
  t.equal(await leaving, true)
})

t.test('such a response does not end the grace period of other clients', async t => {
  const proxy = await start(t)
  const { finish } = await begin(proxy)
  const kept = await proxy.keep()
  const leaving = proxy.leave()
  await finish()
  await proxy.clock.advance(GRACE - 100)
  t.match(await ask(kept, LIVE), /^HTTP\/1\.1 200 OK/)
  await proxy.clock.advance(100)
  t.equal(await leaving, true)
})

t.test('the grace period is shorter than the timeout', async t => {
  const { keep, leave, clock, accepts } = await start(t, GRACE / 2)
  await keep()
  const leaving = leave()
  await clock.advance(GRACE / 2 - 1)
  t.equal(accepts(), false)
  t.equal(await leaving, true)
})

t.test('near the end of the timeout, new requests are refused', async t => {
  const proxy = await start(t)
  const { kept, finish } = await begin(proxy)
  const leaving = proxy.leave()
  await proxy.clock.advance(LATE - 500)
  await finish()
  await proxy.clock.advance(500)
  const answer = readAll(kept)
  kept.write(LIVE)
  t.match(await answer, /^HTTP\/1\.1 503 .*draining/s)
  t.equal(await leaving, true)
})

t.test('only the last of pipelined responses ends the connection, even if it is asked for later', async t => {
  const { leave, upstream, arrived, clock, port } = await start(t)
  const kept = dial(port)
  const all = readAll(kept)
  kept.write(get('/1') + get('/2'))
  await arrived(2)
  const leaving = leave()
  kept.write(get('/3'))
  await arrived(3)
  for (const request of upstream.requests) request.answer(http('200 OK', [], request.target))
  const [first = '', second = '', third = '', ...more] = (await all).split(/(?=HTTP\/1\.1)/)
  t.match(first, /\r\nconnection: keep-alive\r\n.*\/1$/is)
  t.match(second, /\r\nconnection: keep-alive\r\n.*\/2$/is)
  t.match(third, /\r\nconnection: close\r\n.*\/3$/is)
  t.strictSame(more, [])
  await clock.advance(GRACE)
  t.equal(await leaving, true)
})

t.test('a request after a response that ends the connection is not forwarded', async t => {
  for (const passed of [0, GRACE]) {
    const { keep, leave, upstream, arrived, clock, app } = await start(t)
    const kept = await keep()
    const leaving = leave()
    const all = readAll(kept)
    kept.write('GET /last HTTP/1.1\r\n')
    await settle()
    await clock.advance(passed)
    kept.write('host: localhost\r\n\r\n')
    const request = await arrived(1)
    // in the grace period, another response could follow until the head is sent
    if (passed < GRACE) {
      request.answer('HTTP/1.1 200 OK', 'content-length: 4', '', 'fi')
      await once(kept, 'data')
    }
    const late = once(app.server.server, 'request')
    kept.write(get('/late'))
    await late
    await settle()
    request.answer(...(passed < GRACE ? ['ne'] : [http('200 OK', [], 'fine')]))
    t.match(await all, /^HTTP\/1\.1 200 OK\r\n(.*\r\n)?connection: close\r\n.*fine$/is)
    t.equal(upstream.requests.length, 1)
    await clock.advance(GRACE)
    t.equal(await leaving, true)
  }
})
