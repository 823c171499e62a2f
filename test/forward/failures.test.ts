import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import * as tls from 'node:tls'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { freePort } from '../support/free-port.ts'
import { answerTo, dial, open, readReply } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { rawUpstream } from '../support/upstream.ts'

const granting = (t: Test) => rawUpstream(t, () => {})

/** A proxy before an upstream whose answers begin. */
async function breaking(t: Test) {
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '3', 'abc', '')
    await request.closed
  })
  return { upstream, ...(await startProxy(t, { upstream: upstream.url })) }
}

/** Has an answer begin that comes without chunks. */
async function askPlainly(socket: Socket): Promise<void> {
  socket.write('GET /x HTTP/1.0\r\nhost: localhost\r\n\r\n')
  await once(socket, 'data')
}

t.test('an upstream that refuses connections is named, with what to look at', async t => {
  const { url: loginAt } = await granting(t)
  const port = await freePort()
  const { call, log } = await startProxy(t, { upstream: `http://127.0.0.1:${port}`, loginAt })
  const reply = await call('/v2/policy?private=1')
  t.equal(reply.status, 502)
  t.match(reply.json(), {
    type: '/_proxy/problems/upstream-unreachable',
    title: 'Bad Gateway',
    status: 502,
    detail: `127.0.0.1:${port} refuses connections`,
    instance: '/v2/policy',
    retryable: true,
  })
  t.notMatch(reply.text, /ECONNREFUSED|private/, 'the error itself is for the log')
  await until(() => log.some(line => line.err))
  t.match(log.at(-1), { level: 40, problem: 'upstream-unreachable', err: { code: 'ECONNREFUSED' }, status: 502 })
})

t.test('a name that does not exist is told', async t => {
  const { url: loginAt } = await granting(t)
  const { call } = await startProxy(t, { upstream: 'https://nothing.invalid', loginAt })
  const reply = await call('/x')
  t.equal(reply.status, 502)
  t.match(reply.json(), {
    type: '/_proxy/problems/upstream-unreachable',
    detail: 'The name nothing.invalid cannot be resolved',
  })
})

t.test('an upstream that resets the connection is told', async t => {
  const upstream = await rawUpstream(t, ({ socket }) => void socket.resetAndDestroy())
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x', { method: 'POST' })
  t.match(reply.json(), { type: '/_proxy/problems/upstream-unreachable', detail: /closed the connection/ })
})

t.test('a connection that is not made in time is a timeout, its TLS included', async t => {
  const { url: loginAt } = await granting(t)
  const silent = createServer(socket => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const config = { upstream: { connectTimeout: 100 } }
  const { call } = await startProxy(t, { upstream: `https://127.0.0.1:${port}`, loginAt, config })
  for (const method of ['GET', 'POST']) {
    const reply = await call('/x', { method })
    t.equal(reply.status, 504)
    t.match(reply.json(), { type: '/_proxy/problems/upstream-timeout', detail: /connectTimeout/, retryable: true })
  }
})

t.test('an answer that pauses for too long breaks off, and the log says why', async t => {
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'content-length: 100', '', 'abc')
    await request.closed
  })
  const { port, log } = await startProxy(t, { upstream: upstream.url, config: { upstream: { bodyTimeout: 200 } } })
  const sent = open(port, '/x')
  sent.end()
  const answer = await answerTo(sent)
  await t.rejects(readReply(answer), { code: 'ECONNRESET' })
  await until(() => log.some(line => line.problem === 'upstream-timeout'))
  t.match(log.at(-1), { msg: /bodyTimeout/ })
  await upstream.requests[0]?.closed
})

t.test('an upstream that does not answer in time is a timeout, and its request is ended', async t => {
  const upstream = await rawUpstream(t, request => request.closed)
  const { call } = await startProxy(t, { upstream: upstream.url, config: { upstream: { headersTimeout: 200 } } })
  const reply = await call('/x')
  t.equal(reply.status, 504)
  t.match(reply.json(), { type: '/_proxy/problems/upstream-timeout', detail: /headersTimeout/, retryable: true })
  await upstream.requests[0]?.closed
  t.equal(upstream.requests.length, 1, 'it is not asked again')
})

t.test('an answer that breaks off in the middle is one for the client, too, and counts as a failure', async t => {
  const rows = [
    ['content-length: 100', 'destroy'],
    ['content-length: 100', 'resetAndDestroy'],
    ['transfer-encoding: chunked', 'destroy'],
    ['transfer-encoding: chunked', 'resetAndDestroy'],
    ['x-framing: none', 'resetAndDestroy'],
  ] as const
  for (const [framing, end] of rows) {
    const upstream = await rawUpstream(t, async request => {
      request.answer('HTTP/1.1 200 OK', framing, '', '3', 'abc', '')
      await request.closed
    })
    const { port, log, call } = await startProxy(t, { upstream: upstream.url })
    const sent = open(port, '/x')
    sent.end()
    const answer = await answerTo(sent)
    await once(answer, 'data')
    upstream.requests[0]?.socket[end]()
    await t.rejects(once(answer, 'end'), { code: 'ECONNRESET' }, `${framing}, ${end}`)
    await until(() => log.some(line => line.status === 0))
    t.match(log.at(-1), { level: 40, path: '/x', msg: 'GET /x aborted' })
    const { tenants } = (await call('/_proxy/status')).json()
    t.match(tenants.default.counters, { requests: 1, failures: 1 })
    t.equal(upstream.requests.length, 1, 'it is not asked again')
  }
})

t.test('so it is for a client that does not know chunks', async t => {
  const { port, upstream } = await breaking(t)
  const socket = dial(port)
  const ended = once(socket, 'end')
  await askPlainly(socket)
  upstream.requests[0]?.socket.destroy()
  await t.rejects(ended, { code: 'ECONNRESET' })
})

t.test('so it is for one that wants errors as they came', async t => {
  const reasons = 'x-redlock-status: [{"i18nKey":"unauthorized_access","severity":"error","subject":null}]'
  const upstream = await rawUpstream(t, request => {
    request.answer('HTTP/1.1 401 Unauthorized', reasons, 'transfer-encoding: chunked', '', '3', 'abc', '')
    request.socket.end()
  })
  const { port } = await startProxy(t, { upstream: upstream.url, config: { errors: 'passthrough' } })
  const socket = dial(port)
  const ended = once(socket, 'end')
  socket.write('GET /x HTTP/1.0\r\nhost: localhost\r\n\r\n')
  await t.rejects(ended, { code: 'ECONNRESET' })
  t.equal(upstream.requests.length, 1)
})

t.test('where a connection cannot be reset it is closed', async t => {
  const { app, upstream, call } = await breaking(t)
  const serve = (socket: Socket) => void app.server.server.emit('connection', socket)
  const path = join(newFolder(t), 'socket')
  const { cert, key } = await issue(await makeCa(), { names: ['localhost'] })
  const [local, secure] = [createServer(serve).listen(path), tls.createServer({ cert, key }, serve)]
  await once(secure.listen(0, '127.0.0.1'), 'listening')
  for (const server of [local, secure]) t.teardown(() => server.close())
  const { port } = secure.address() as AddressInfo
  for (const socket of [connect(path), tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })]) {
    const closed = once(socket, 'close')
    await askPlainly(socket)
    upstream.requests.at(-1)?.socket.destroy()
    await closed
    t.equal((await call('/_proxy/livez')).status, 200)
  }
})

t.test('an upstream that leaves in the middle of an upload is told of, and not asked again', async t => {
  const upstream = await rawUpstream(t, async request => {
    await request.read(3)
    request.socket.destroy()
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  const sent = open(port, '/x', { method: 'POST', headers: { 'content-length': '9' } })
  sent.on('error', () => {})
  sent.write('abc')
  const reply = await readReply(await answerTo(sent))
  t.equal(reply.status, 502)
  t.match(reply.json(), { type: '/_proxy/problems/upstream-unreachable', retryable: false })
  t.equal(upstream.requests.length, 1)
})
