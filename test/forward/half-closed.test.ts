import { once } from 'node:events'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import * as tls from 'node:tls'
import t, { type Test } from 'tap'
import { settle, testClock } from '../support/clock.ts'
import { newFolder } from '../support/folder.ts'
import { answerTo, readAll, readReply } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { type Handler, http, type RawRequest, rawUpstream } from '../support/upstream.ts'

const GET = 'GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n'
const POST = 'POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc'
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

const hold: Handler = () => {}

/** A proxy whose side of each connection the test can look at. */
async function start(t: Test, handle: Handler = hold) {
  const clock = testClock()
  const upstream = await rawUpstream(t, handle)
  const proxy = await startProxy(t, { upstream: upstream.url, clock })
  const sides: Socket[] = []
  proxy.app.server.server.on('connection', (socket: Socket) => sides.push(socket))
  /** Resolves once the proxy knows that the client has closed its side, and has asked whether it is there. */
  const known = async () => {
    await until(() => sides.at(-1)?.readableEnded === true)
    await settle(8)
  }
  const dial = () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
  return {
    ...proxy,
    clock,
    upstream,
    sides,
    known,
    dial,
    arrived: (count: number) => until(() => upstream.requests.length === count),
  }
}

const answerAll = (requests: readonly RawRequest[], ...answer: string[]) => {
  for (const each of requests) each.answer(...answer)
}

t.test('a client that closes its side after its request gets the answer, whenever that comes', async t => {
  for (const [sent, waits] of [
    [GET, []],
    [GET, [1_000]],
    [GET, [1_000, 10_000]],
    [POST, [1_000, 10_000, 60_000]],
  ] as const) {
    const { dial, known, arrived, upstream, clock, call } = await start(t)
    const socket = dial()
    const all = readAll(socket)
    socket.end(sent)
    await known()
    await arrived(1)
    for (const ms of waits) await clock.advance(ms)
    t.equal(upstream.requests.length, 1)
    answerAll(upstream.requests, http('200 OK', ['x-a: b'], 'fine'))
    const text = await all
    t.match(text, /^HTTP\/1\.1 200 OK\r\n/)
    t.match(text, /\r\nx-a: b\r\n.*\r\nConnection: close\r\n\r\nfine$/s)
    t.equal((await call('/_proxy/livez')).status, 200)
  }
})

t.test('so it does by a Unix socket and over TLS, and one that leaves there ends its request', async t => {
  const { app, known, upstream, arrived } = await start(t)
  const serve = (socket: Socket) => void app.server.server.emit('connection', socket)
  const path = join(newFolder(t), 'socket')
  const [local, secure] = [
    createServer(serve).listen(path),
    tls.createServer(await issue(await makeCa(), { names: ['localhost'] }), serve).listen(0, '127.0.0.1'),
  ]
  for (const server of [local, secure]) {
    if (!server.listening) await once(server, 'listening')
    t.teardown(() => server.close())
  }
  const { port } = secure.address() as { port: number }
  const options = { allowHalfOpen: true } as const
  for (const dial of [
    () => connect({ path, ...options }),
    () => tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }),
    () => tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2', ...options }),
  ]) {
    const socket = dial()
    const all = readAll(socket)
    const before = upstream.requests.length
    socket.end(POST)
    await arrived(before + 1)
    await known()
    answerAll(upstream.requests.slice(before), http('200 OK', [], 'fine'))
    t.match(await all, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nfine$/s)
    const leaving = dial()
    leaving.write(GET)
    await arrived(before + 2)
    leaving.destroy()
    await upstream.requests.at(-1)?.closed
  }
})

t.test('so it does where the answer is a problem, or large, or has no body', async t => {
  for (const [answer, text] of [
    [http('404 Not Found', ['content-type: application/json'], '{"message":"gone"}'), /^HTTP\/1\.1 404 .*gone/s],
    [http('200 OK', [], 'x'.repeat(100_000)), /^HTTP\/1\.1 200 OK\r\n.*?\r\n\r\nx{100000}$/s],
    ['HTTP/1.1 204 No Content\r\n\r\n', /^HTTP\/1\.1 204 No Content\r\n.*\r\n\r\n$/s],
    ['nonsense', /^HTTP\/1\.1 502 Bad Gateway\r\n.*upstream-invalid/s],
  ] as const) {
    const { dial, known, arrived, upstream } = await start(t)
    const socket = dial()
    const all = readAll(socket)
    socket.end(GET)
    await known()
    await arrived(1)
    answerAll(upstream.requests, answer)
    t.match(await all, text)
  }
})

t.test('several requests at once are all answered, in their order', async t => {
  const { dial, known, arrived, upstream } = await start(t)
  const socket = dial()
  const all = readAll(socket)
  socket.end(['/1', '/2', '/3'].map(path => GET.replace('/x', path)).join(''))
  await known()
  await arrived(3)
  const lastFirst = [...upstream.requests].sort((one, other) => other.target.localeCompare(one.target))
  for (const each of lastFirst) {
    each.answer(http('200 OK', [], `answer ${each.target}`))
    await settle()
  }
  const text = await all
  t.equal(text.split('HTTP/1.1 200 OK').length, 4)
  t.match(text, /answer \/1HTTP.*answer \/2HTTP.*answer \/3$/s)
})

t.test('answers of the proxy’s own reach it, too', async t => {
  const { dial } = await start(t)
  for (const [path, status] of [
    ['/_proxy/livez', 200],
    ['/x/../y', 400],
  ] as const) {
    const socket = dial()
    socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    t.match(await readAll(socket), new RegExp(`^HTTP/1\\.1 ${status} `))
  }
})

t.test('one that closes its side in the middle of an answer gets the rest', async t => {
  const rest = '3\r\ndef\r\n1\r\ng\r\n0\r\nx-t: u\r\n\r\n'
  for (const [head, first, second, whole] of [
    [CHUNKED, '3\r\nabc\r\n', rest, 'abcdefg'],
    [CHUNKED, '3\r\nabc\r\n', '0\r\nx-t: u\r\n\r\n', 'abc'],
    [CHUNKED, '', rest, 'defg'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n', 'abc', 'defg', 'abcdefg'],
  ] as const) {
    const { port, known, upstream, clock } = await start(t)
    const createConnection = () => connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const sent = request({ path: '/x', headers: { host: 'localhost' }, createConnection })
    sent.end()
    await until(() => upstream.requests.length === 1)
    upstream.requests[0]?.socket.write(head + first)
    const answer = await answerTo(sent)
    const reply = readReply(answer)
    answer.socket.end()
    await known()
    await clock.advance(1_000)
    upstream.requests[0]?.socket.write(second)
    t.equal((await reply).text, whole, head)
  }
})

t.test('a request that is not whole is refused, and its upstream let go', async t => {
  const head = 'POST /x HTTP/1.1\r\nhost: localhost\r\n'
  const { dial, upstream } = await start(t)
  for (const broken of [
    'GET /x HTTP/1.1\r\nhost: lo',
    `${head}content-length: 5\r\n\r\nabc`,
    `${head}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    `${head}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n`,
  ]) {
    const socket = dial()
    socket.end(broken)
    const text = await readAll(socket)
    t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n.*"detail":"[^"]*it ended before it was complete/s, broken)
    await until(() => upstream.requests.every(each => each.socket.destroyed))
  }
  for (const each of upstream.requests) t.notMatch(`${await each.read(100)}`, /0\r\n\r\n/, 'it is never taken for all')
})

t.test('one that is not whole gets nothing in place of an answer that another waits for', async t => {
  const { dial, upstream } = await start(t)
  const socket = dial()
  socket.end(`${GET}POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nabc`)
  t.equal(await readAll(socket), '')
  await until(() => upstream.requests.every(each => each.socket.destroyed))
})

t.test('a client that leaves later is found out by the next bytes of its answer', async t => {
  const { dial, known, upstream, clock } = await start(t)
  const waiting = dial()
  waiting.end(GET)
  await known()
  waiting.destroy()
  await settle()
  await clock.advance(1_000)
  await settle()
  t.notOk(upstream.requests[0]?.socket.destroyed, 'the first only has the connection reset')
  await clock.advance(10_000)
  await upstream.requests[0]?.closed
  const reading = dial()
  reading.end(GET)
  await until(() => upstream.requests.length === 2)
  const [, held] = upstream.requests
  held?.socket.write(`${CHUNKED}3\r\nabc\r\n`)
  await once(reading, 'data')
  reading.destroy()
  await until(() => held?.socket.destroyed || !held?.socket.write('3\r\nabc\r\n'))
  await held?.closed
})

t.test('where no byte can be sent, a client has left when nothing goes out to it', async t => {
  const { dial, known, upstream, sides } = await start(t)
  const socket = dial()
  socket.write(GET)
  await until(() => upstream.requests.length === 1)
  upstream.requests[0]?.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc')
  await once(socket, 'data')
  socket.destroy()
  await known()
  t.equal(sides[0]?.timeout, 5_000)
  sides[0]?.emit('timeout')
  await upstream.requests[0]?.closed
})

t.test('one that only reads slowly has not left', async t => {
  const LENGTH = 16 * 1024 * 1024
  const { dial, known, upstream, sides } = await start(t)
  const socket = dial().pause()
  socket.write(GET)
  await until(() => upstream.requests.length === 1)
  upstream.requests[0]?.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${LENGTH}\r\n\r\n`)
  upstream.requests[0]?.socket.write(Buffer.alloc(LENGTH))
  await until(() => (sides[0]?.writableLength ?? 0) > 0)
  socket.end()
  await known()
  sides[0]?.emit('timeout')
  const text = await readAll(socket.resume())
  t.equal(text.length - text.indexOf('\r\n\r\n') - '\r\n\r\n'.length, LENGTH)
})

t.test('the silence of one answer is not that of the next', async t => {
  const { dial, known, upstream, sides } = await start(t)
  const socket = dial()
  const all = readAll(socket)
  socket.write(GET + GET.replace('/x', '/y'))
  await until(() => upstream.requests.length === 2)
  const [first, second] = ['/x', '/y'].map(path => upstream.requests.find(({ target }) => target === path))
  first?.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc')
  await once(socket, 'data')
  socket.end()
  await known()
  t.equal(sides[0]?.timeout, 5_000)
  first?.socket.write('def')
  await until(() => sides[0]?.timeout === 0)
  second?.answer(http('200 OK', [], 'fine'))
  t.match(await all, /abcdefHTTP\/1\.1 200 OK\r\n.*fine$/s)
})
