import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { answerTo, call, dial, open, readAll, readReply } from '../support/http.ts'
import { startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`

/** A proxy whose upstream responds when the test says so. */
async function start(t: Test) {
  const clock = testClock()
  const upstream = await rawUpstream(t, () => {})
  const proxy = await startProxy(t, { upstream: upstream.url, clock })
  const sockets: Socket[] = []
  proxy.app.server.server.on('connection', socket => sockets.push(socket))
  const arrived = async (count: number): Promise<RawRequest> => {
    await until(() => upstream.requests.length === count)
    const request = upstream.requests.at(-1)
    if (!request) throw new Error('no request')
    return request
  }
  return { clock, upstream, arrived, sockets, ...proxy }
}

t.test('a running request finishes, and its connection with it', async t => {
  const { app, port, arrived } = await start(t)
  const sent = open(port, '/x', { headers: { connection: 'keep-alive' } })
  sent.end()
  const request = await arrived(1)
  const closing = app.close()
  request.answer(http('200 OK', [], 'fine'))
  const answer = await answerTo(sent)
  t.match(answer.headers, { connection: 'close' })
  t.equal((await readReply(answer)).text, 'fine')
  t.equal(await closing, true)
})

t.test('a response that had already begun finishes, and its connection is closed', async t => {
  const { app, port, arrived } = await start(t)
  const kept = dial(port)
  const text = readAll(kept)
  kept.write(get('/x'))
  const request = await arrived(1)
  request.answer('HTTP/1.1 200 OK', 'content-length: 4', '', 'fi')
  await once(kept, 'data')
  const closing = app.close()
  request.answer('ne')
  t.match(await text, /\r\nConnection: keep-alive\r\n.*fine$/s)
  t.equal(await closing, true)
})

t.test('an idle keep-alive connection is closed at once', async t => {
  const { app, port } = await start(t)
  const idle = dial(port)
  const kept = dial(port)
  kept.write(get('/_proxy/livez'))
  await once(kept, 'data')
  const all = Promise.all([readAll(idle), readAll(kept)])
  t.equal(await app.close(), true)
  await all
})

t.test('a new request gets a 503 draining, and a new connection is refused', async t => {
  const { app, port, sockets, arrived } = await start(t)
  const running = open(port, '/x')
  running.end()
  const request = await arrived(1)
  const late = dial(port)
  const text = readAll(late)
  late.write('GET /x HTTP/1.1\r\n')
  await until(() => (sockets[1]?.bytesRead ?? 0) > 0)
  const closing = app.close()
  late.write('host: localhost\r\n\r\n')
  const answer = await text
  t.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
  t.match(answer, /\r\nconnection: close\r\n/i)
  t.match(answer, /\r\nretry-after: 1\r\n/)
  t.match(answer, '"type":"/_proxy/problems/draining"')
  await t.rejects(call(port, '/x'), { code: 'ECONNREFUSED' })
  request.answer(http('200 OK'))
  t.equal((await answerTo(running)).statusCode, 200)
  t.equal(await closing, true)
})

t.test('requests still running after the drain timeout are cut off, and close reports it', async t => {
  const { app, port, arrived, clock, upstream } = await start(t)
  const sent = open(port, '/x')
  sent.end()
  const request = await arrived(1)
  const cut = t.rejects(answerTo(sent), { code: 'ECONNRESET' })
  const closing = app.close()
  await clock.advance(9_999)
  t.equal(upstream.connections() > 0, true)
  t.notOk(request.socket.destroyed)
  await clock.advance(1)
  t.equal(await closing, false)
  await cut
  await request.closed
  await until(() => upstream.connections() === 0)
})

t.test('requests still waiting for a permit near the end of the timeout get a 503', async t => {
  const clock = testClock()
  const upstream = await rawUpstream(t, request => request.answer(http('503 Service Unavailable', ['retry-after: 20'])))
  const { app, call } = await startProxy(t, { upstream: upstream.url, clock })
  const waiting = call('/x')
  await until(async () => (await call('/_proxy/status')).json().pacing.waiting === 1)
  const late = call('/x')
  await until(async () => (await call('/_proxy/status')).json().pacing.waiting === 2)
  const closing = app.close()
  await clock.advance(8_000)
  t.match((await late).json(), { type: '/_proxy/problems/draining' })
  t.match((await waiting).json(), { type: '/_proxy/problems/upstream-error' }, 'or what the upstream said before')
  t.equal(await closing, true)
})

t.test('closing ends the sessions and the requests that wait for one', async t => {
  const clock = testClock()
  const upstream = await rawUpstream(t, () => {}, { login: request => request.closed })
  const { app, port } = await startProxy(t, { upstream: upstream.url, clock })
  const sent = open(port, '/x')
  sent.end()
  await until(() => upstream.logins.length === 1)
  const closing = app.close()
  const cut = t.rejects(answerTo(sent), { code: 'ECONNRESET' })
  await clock.advance(10_000)
  t.equal(await closing, false)
  await cut
  await upstream.logins[0]?.closed
})

t.test('a proxy can be closed twice, and before it has listened', async t => {
  const { app, simulator, call } = await startPair(t)
  await app.login()
  await call('/v2/policy')
  t.equal(await app.close(), true)
  t.equal(await app.close(), true)
  t.strictSame(
    [...app.sessions.all()].map(({ session }) => session),
    [undefined],
  )
  await simulator.close()
})

t.test('a partly received request does not delay the drain', async t => {
  const { app, port, sockets, clock } = await start(t)
  const late = dial(port)
  const closed = once(late, 'close')
  late.write('GET /x HTTP/1.1\r\n')
  await until(() => (sockets[0]?.bytesRead ?? 0) > 0)
  const closing = app.close()
  await clock.advance(1_000)
  await closed
  t.equal(await closing, true)
})
