import { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { answerClientError } from '../../src/server/client-error.ts'
import { testClock } from '../support/clock.ts'
import { dial, readAll, talk } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

async function start(t: Test) {
  const upstream = await rawUpstream(t, async request => {
    if (request.target === '/now') return request.answer(http('200 OK', [], 'fine'))
    if (request.target === '/begin') request.answer('HTTP/1.1 200 OK', 'content-length: 100', '', 'begun')
    await request.closed
  })
  return { upstream, ...(await startProxy(t, { upstream: upstream.url })) }
}

const body = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n')))

t.test('invalid HTTP gets a 400 problem, and its connection is closed', async t => {
  const { port, upstream } = await start(t)
  const requests = [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\nhost: localhost\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: localhost\r\nx a: b\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: localhost\r\nx-a: b\x00\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ]
  for (const request of requests) {
    const text = await talk(port, request)
    t.match(text, /^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json\r\n/, request)
    t.match(text, /\r\nconnection: close\r\n/)
    t.match(body(text), { type: '/_proxy/problems/invalid-request', status: 400, detail: /not valid HTTP \(HPE_/ })
  }
  t.equal(upstream.requests.length, 0)
})

t.test('headers that are too large get a 431', async t => {
  const { port, upstream } = await start(t)
  const get = (length: number) =>
    `GET /now HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-a: ${'x'.repeat(length)}\r\n\r\n`
  t.match(await talk(port, get(131_000)), /^HTTP\/1\.1 200 OK\r\n/)
  const text = await talk(port, get(131_072))
  t.equal(upstream.requests.length, 1)
  t.match(text, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  t.match(body(text), { status: 431, title: 'Request Header Fields Too Large' })
})

t.test('a malformed body gets a 400, and its request ends at the upstream', async t => {
  const { port, upstream } = await start(t)
  const text = await talk(port, 'POST /hold HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')
  t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/)
  await until(() => upstream.connections() === 0 || upstream.requests.every(request => request.socket.destroyed))
})

t.test('nothing is written into the middle of a response', async t => {
  const { port } = await start(t)
  const socket = dial(port)
  const all = readAll(socket)
  socket.write('POST /begin HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await new Promise(resolve => socket.once('data', resolve))
  socket.write('zz\r\n')
  t.match(await all, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nbegun$/s)
})

t.test('nothing is written before the response to an earlier request', async t => {
  const { port, upstream } = await start(t)
  const socket = dial(port)
  const all = readAll(socket)
  socket.write('GET /hold HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => upstream.requests.length === 1)
  socket.write('nonsense\r\n\r\n')
  t.equal(await all, '')
  await upstream.requests[0]?.closed
})

t.test('a later request on a connection is rejected like the first', async t => {
  const { port } = await start(t)
  const socket = dial(port)
  const all = readAll(socket)
  socket.write('GET /now HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await new Promise(resolve => socket.once('data', resolve))
  socket.write('nonsense\r\n\r\n')
  t.match(await all, /fineHTTP\/1\.1 400 Bad Request/)
})

t.test('a broken connection is only destroyed', async t => {
  const { port, app } = await start(t)
  let server: Socket | undefined
  app.server.server.once('connection', socket => (server = socket))
  const socket = dial(port)
  socket.write('GET / HTTP')
  await until(() => (server?.bytesRead ?? 0) > 0)
  socket.resetAndDestroy()
  await until(() => server?.destroyed === true)
  t.doesNotThrow(() => answerClientError(new Error('x'), new Socket().destroy(), undefined, testClock()))
})

t.test('a request that arrives too slowly gets a 408, and an error without a code a 400', async t => {
  for (const [code, status] of [
    ['ERR_HTTP_REQUEST_TIMEOUT', 408],
    [undefined, 400],
  ] as const) {
    let written = ''
    const socket = new Socket()
    Object.defineProperty(socket, 'writable', { value: true })
    socket.write = (text: string | Uint8Array) => {
      written += text
      return true
    }
    answerClientError(Object.assign(new Error('x'), code && { code }), socket, undefined, testClock())
    t.match(written, new RegExp(`^HTTP/1\\.1 ${status} `))
  }
})

t.test(
  'the guard rejects a missing Host, an unknown Expect is forwarded, and other transfer codings get a 501',
  async t => {
    const { port, upstream } = await start(t)
    const hostless = await talk(port, 'GET /now HTTP/1.1\r\nconnection: close\r\n\r\n')
    t.match(hostless, /^HTTP\/1\.1 403 /)
    t.match(body(hostless), { type: '/_proxy/problems/host-not-allowed' })
    const coded = await talk(
      port,
      'POST /now HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    )
    t.match(coded, /^HTTP\/1\.1 501 Not Implemented\r\n/)
    t.match(coded, '/_proxy/problems/invalid-request')
    t.equal(upstream.requests.length, 0)
    const expecting = await talk(
      port,
      'GET /now HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: banana\r\n\r\n',
    )
    t.match(expecting, /^HTTP\/1\.1 200 OK\r\n/)
  },
)

t.test('the problem for a malformed request has a request id', async t => {
  const { port } = await start(t)
  const text = await talk(port, 'nonsense\r\n\r\n')
  const [, id = ''] = /\r\nx-request-id: (\S+)\r\n/.exec(text) ?? []
  t.match(id, /^[0-9a-f-]{36}$/)
  t.equal(body(text).requestId, id)
})
