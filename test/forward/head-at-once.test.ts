import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { answerTo, dial, open, readReply } from '../support/http.ts'
import { type ProxyOptions, startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** Answers in two parts, of which the test sends the second. */
async function inTwo(t: Test, head: string, rest: string, options: Omit<ProxyOptions, 'upstream'> = {}) {
  const waiting: (() => void)[] = []
  const upstream = await rawUpstream(t, async ({ socket }) => {
    socket.write(head)
    await new Promise<void>(resolve => waiting.push(resolve))
    socket.write(rest)
    if (!/length|chunked/.test(head)) socket.end()
  })
  return {
    upstream,
    sendRest: () => waiting.shift()?.(),
    ...(await startProxy(t, { upstream: upstream.url, ...options })),
  }
}

const CHUNKS = '3\r\nabc\r\n0\r\n\r\n'
const rows: readonly (readonly [head: string, rest: string])[] = [
  ['HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n', 'abc'],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', CHUNKS],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n', '3\r\nabc\r\n0\r\nx-t: u\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n', 'abc'],
  ['HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n', CHUNKS],
]

t.test('the head of an answer goes out although nothing of the body has come', async t => {
  for (const [head, rest] of rows) {
    const { port, sendRest } = await inTwo(t, head, rest)
    for (const method of ['GET', 'POST']) {
      const sent = open(port, '/x', { method })
      sent.end()
      const answer = await answerTo(sent)
      t.equal(answer.statusCode, 200, head)
      sendRest()
      const { text, trailers } = await readReply(answer)
      t.equal(text, 'abc', head)
      if (rest.includes('x-t')) t.strictSame(trailers['x-t'], 'u')
    }
  }
})

t.test('so it does for a client of HTTP/1.0, and where the answer is kept', async t => {
  const passing = await inTwo(t, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', CHUNKS)
  const socket = dial(passing.port)
  socket.write('GET /x HTTP/1.0\r\nhost: localhost\r\n\r\n')
  t.match(String(await once(socket, 'data')), /^HTTP\/1\.1 200 .*\r\n\r\n$/s)
  passing.sendRest()
  t.equal(String(await once(socket, 'data')), 'abc')
  const rules = [{ path: /^\/x/, keepFor: 60_000 }]
  const caching = await inTwo(t, 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n', 'abc', {
    config: { cache: { rules } },
  })
  const sent = open(caching.port, '/x')
  sent.end()
  const answer = await answerTo(sent)
  t.equal(answer.headers['x-prismacloud-proxy-cache'], 'miss')
  const shared = caching.call('/x')
  caching.sendRest()
  t.equal((await readReply(answer)).text, 'abc')
  t.match(await shared, { text: 'abc', headers: { 'x-prismacloud-proxy-cache': /shared|hit/ } })
  t.equal(caching.upstream.requests.length, 1)
})

t.test('a small answer that comes at once is one write', async t => {
  const upstream = await rawUpstream(t, ({ answer, target, head }) => {
    if (target === '/chunked') return answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', CHUNKS)
    if (head.startsWith('HEAD')) return answer('HTTP/1.1 200 OK', 'content-length: 3', '', '')
    return answer(target === '/none' ? 'HTTP/1.1 204 No Content\r\n\r\n' : http('200 OK', [], 'abc'))
  })
  const { call, app } = await startProxy(t, { upstream: upstream.url })
  let writes = 0
  app.server.server.on('connection', (socket: Socket) => {
    const { _write: write, _writev: writev } = socket
    socket._write = (...given) => {
      writes++
      write.apply(socket, given)
    }
    socket._writev = (...given) => {
      writes++
      writev?.apply(socket, given)
    }
  })
  for (const [method, path] of [
    ['GET', '/sized'],
    ['HEAD', '/sized'],
    ['GET', '/chunked'],
    ['DELETE', '/none'],
  ] as const) {
    writes = 0
    t.ok((await call(path, { method })).status < 300)
    t.equal(writes, 1, `${method} ${path}`)
  }
})

t.test('an answer that breaks off as soon as it has begun is told, where nothing has gone out', async t => {
  const upstream = await rawUpstream(t, request =>
    request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', 'zz', ''),
  )
  const { call, log } = await startProxy(t, { upstream: upstream.url })
  t.match((await call('/x')).json(), { status: 502, type: '/_proxy/problems/upstream-invalid', retryable: true })
  t.match((await call('/x', { method: 'POST' })).json(), { status: 502, retryable: false })
  t.equal(upstream.requests.length, 2)
  t.equal(log.filter(line => line.problem === 'upstream-invalid').length, 2)
})
