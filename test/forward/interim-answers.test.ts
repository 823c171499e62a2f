import t from 'tap'
import { answerTo, open, readReply } from '../support/http.ts'
import { IS_OVER_HTTP2 } from '../support/over-http2.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nx-a: hint\r\n\r\n'
const FINAL = http('200 OK', ['x-a: b'], 'fine')

const ODD = [
  [`HTTP/1.0 100 Continue\r\nx-a: c\r\n\r\n${FINAL}`],
  [`HTTP/1.1 100 Continue\r\ncontent-length: 4\r\n\r\n${FINAL}`],
  [`HTTP/1.1 100 Continue\r\ntransfer-encoding: chunked\r\n\r\n`, FINAL],
  [`HTTP/1.1 100 Continue\r\nconnection: close\r\n\r\n${FINAL}`],
]

t.test('interim answers, asked for or not, are passed over', async t => {
  let answers: readonly string[] = []
  const upstream = await rawUpstream(t, async ({ socket, target }) => {
    for (const part of target === '/next' ? [http('200 OK', [], 'next')] : answers) {
      socket.write(part)
      await new Promise(resolve => setImmediate(resolve))
    }
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const sent of [
    [CONTINUE + FINAL],
    [CONTINUE, FINAL],
    [...(CONTINUE + FINAL)],
    [CONTINUE + CONTINUE + FINAL],
    [`HTTP/1.1 100\r\n\r\n${FINAL}`],
    // only HTTP/1.1 has these
    ...(IS_OVER_HTTP2 ? [] : ODD),
    [PROCESSING, CONTINUE, HINTS, FINAL],
    [HINTS.repeat(99) + FINAL],
    [`HTTP/1.1 199 Odd\r\n\r\n${FINAL}`],
  ]) {
    answers = sent
    for (const [method, body] of [
      ['GET', undefined],
      ['POST', 'abc'],
      ['DELETE', undefined],
    ] as const) {
      const before = upstream.requests.length
      const reply = await call('/x', { method, ...(body && { body }) })
      t.match(reply, { status: 200, text: 'fine', headers: { 'x-a': 'b', link: undefined } }, sent.join(''))
      t.equal(upstream.requests.length, before + 1, 'it is asked once')
      t.equal((await call('/next')).text, 'next')
    }
  }
})

t.test('a connection on which interim answers came is kept', async t => {
  const upstream = await rawUpstream(t, request => request.answer(CONTINUE + HINTS + FINAL))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (let number = 0; number < 3; number++) t.equal((await call('/x')).text, 'fine')
  t.equal(new Set(upstream.requests.map(({ socket }) => socket)).size, 1)
})

t.test('a 100 in the middle of an upload is passed over', async t => {
  const upstream = await rawUpstream(t, async request => {
    request.answer(CONTINUE)
    await request.body()
    request.answer(FINAL)
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  const sent = open(port, '/x', { method: 'POST', headers: { 'content-length': '6' } })
  sent.write('abc')
  await upstream.requests[0]?.read(3)
  sent.end('def')
  t.match(await readReply(await answerTo(sent)), { status: 200, text: 'fine' })
})

// over HTTP/2 nothing of an answer comes before its head is whole
if (!IS_OVER_HTTP2)
  t.test('a request is not sent again once anything of an answer has come', async t => {
    let begun = ''
    const upstream = await rawUpstream(t, ({ socket }) => void socket.end(begun))
    const { call } = await startProxy(t, { upstream: upstream.url })
    for (const bytes of ['H', 'HTTP/1.1 200 OK\r\nx-a', CONTINUE, PROCESSING]) {
      begun = bytes
      for (const method of ['GET', 'DELETE', 'PUT']) {
        const before = upstream.requests.length
        t.match(
          (await call('/x', { method })).json(),
          { status: 502, type: '/_proxy/problems/upstream-unreachable' },
          bytes,
        )
        t.equal(upstream.requests.length, before + 1, bytes)
      }
    }
  })
