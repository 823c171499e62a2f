import t, { type Test } from 'tap'
import { answerTo, open, talk } from '../support/http.ts'
import { IS_OVER_HTTP2 } from '../support/over-http2.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** A proxy before an upstream that answers everything with these bytes. */
async function answering(t: Test, ...lines: string[]) {
  const upstream = await rawUpstream(t, request => request.answer(...lines))
  return { upstream, ...(await startProxy(t, { upstream: upstream.url })) }
}

t.test('204 and 304 have no body, and what they say of one is kept', async t => {
  const { call } = await answering(t, 'HTTP/1.1 204 No Content', 'etag: "a"', '', '')
  const noContent = await call('/x')
  t.match(noContent, { status: 204, headers: { etag: '"a"' }, text: '' })
  t.notOk('content-length' in noContent.headers || 'transfer-encoding' in noContent.headers)
  const { call: again } = await answering(t, 'HTTP/1.1 304 Not Modified', 'etag: "a"', 'content-length: 999', '', '')
  t.match(await again('/x'), { status: 304, headers: { etag: '"a"', 'content-length': '999' }, text: '' })
  const { call: bare } = await answering(t, 'HTTP/1.1 304 Not Modified', 'etag: "a"', '', '')
  t.match(await bare('/x'), { status: 304, headers: { etag: '"a"' }, text: '' })
})

t.test('a part of what is there comes as the part that it is, one range or several', async t => {
  const part = ['content-range: bytes 2-4/10', 'accept-ranges: bytes', 'etag: "a"']
  const parts =
    '--x\r\ncontent-range: bytes 0-0/10\r\n\r\na\r\n--x\r\ncontent-range: bytes 9-9/10\r\n\r\nj\r\n--x--\r\n'
  const upstream = await rawUpstream(t, ({ head, answer }) => {
    if (/\r\nrange: bytes=2-4\r\n/i.test(head)) answer(http('206 Partial Content', part, 'cde'))
    else if (/\r\nrange: bytes=20-\r\n/i.test(head))
      answer(http('416 Range Not Satisfiable', ['content-range: bytes */10']))
    else answer(http('206 Partial Content', ['content-type: multipart/byteranges; boundary=x'], parts))
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const ranged = (range: string) => call('/x', { headers: { range, 'if-range': '"a"' } })
  const one = await ranged('bytes=2-4')
  t.match(one, { status: 206, text: 'cde' })
  t.match(one.headers, {
    'content-range': 'bytes 2-4/10',
    'accept-ranges': 'bytes',
    etag: '"a"',
    'content-length': '3',
  })
  t.match(upstream.requests[0]?.head, /\r\nif-range: "a"\r\n/i)
  const several = await ranged('bytes=0-0,9-9')
  t.match(several, { status: 206, text: parts, headers: { 'content-type': 'multipart/byteranges; boundary=x' } })
  t.match(await ranged('bytes=20-'), { status: 416, headers: { 'content-range': 'bytes */10' } })
})

t.test('each piece of an answer comes on as soon as it is there', async t => {
  const pieces = Array.from({ length: 20 }, (_, index) => `piece ${index};`)
  let next = () => {}
  const upstream = await rawUpstream(t, async ({ answer, socket }) => {
    answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '')
    for (const piece of pieces) {
      const asked = new Promise<void>(resolve => (next = resolve))
      socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      await asked
    }
    socket.write('0\r\n\r\n')
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  const sent = open(port, '/x')
  sent.end()
  const seen: string[] = []
  // the upstream holds each piece back until the one before has arrived
  for await (const chunk of await answerTo(sent)) {
    seen.push(`${chunk}`)
    next()
  }
  t.strictSame(seen, pieces)
})

t.test('the answer to HEAD keeps the length of the body that it does not have', async t => {
  const { call } = await answering(t, 'HTTP/1.1 200 OK', 'content-length: 12345', '', '')
  t.match(await call('/x', { method: 'HEAD' }), { status: 200, headers: { 'content-length': '12345' }, text: '' })
  const { call: unsaid } = await answering(t, 'HTTP/1.1 200 OK', 'x-a: b', '', '')
  t.match(await unsaid('/x', { method: 'HEAD' }), { status: 200, headers: { 'x-a': 'b' }, text: '' })
})

t.test('an answer without a length comes in chunks, and to an HTTP/1.0 client to the connection’s end', async t => {
  const { call, port } = await answering(
    t,
    'HTTP/1.1 200 OK',
    'transfer-encoding: chunked',
    '',
    '3',
    'abc',
    '0',
    '',
    '',
  )
  t.match(await call('/x'), { text: 'abc', headers: { 'transfer-encoding': 'chunked' } })
  const plain = await talk(port, 'GET /x HTTP/1.0\r\nhost: localhost\r\n\r\n')
  t.match(plain, /^HTTP\/1\.1 200 OK\r\n/)
  t.notMatch(plain, /transfer-encoding/i)
  t.match(plain, /\r\n\r\nabc$/)
})

t.test('an answer to the connection’s end is one, too', async t => {
  const upstream = await rawUpstream(t, ({ socket }) => void socket.end('HTTP/1.0 200 OK\r\n\r\nto the end'))
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.equal((await call('/x')).text, 'to the end')
})

t.test('trailers reach the client, less those that headers may not be', async t => {
  const head = ['HTTP/1.1 200 OK', 'trailer: x-sum', 'transfer-encoding: chunked', '']
  const { call } = await answering(
    t,
    ...head,
    '3',
    'abc',
    '0',
    'x-sum: 1',
    'set-cookie: a=b',
    'x-redlock-auth: t',
    '',
    '',
  )
  const reply = await call('/x')
  t.equal(reply.text, 'abc')
  t.strictSame({ ...reply.trailers }, { 'x-sum': '1' })
})

t.test('what comes before the answer stays between the upstream and the proxy', async t => {
  const early = ['HTTP/1.1 103 Early Hints', 'link: </x>', '', 'HTTP/1.1 102 Processing', '', '']
  const { port } = await answering(t, ...early, http('200 OK', ['x-final: 1'], 'abc'))
  const text = await talk(port, 'GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  t.match(text, /^HTTP\/1\.1 200 OK\r\nx-final: 1\r\n/)
  t.notMatch(text, /link/)
  t.match(text, /abc$/)
})

t.test('requests that come at once on one connection are answered in their order', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [], request.target)))
  const { port } = await startProxy(t, { upstream: upstream.url })
  const request = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`
  const text = await talk(port, request('/a') + request('/b') + request('/c', 'connection: close\r\n'))
  t.match(text, /200 OK.*\/a.*200 OK.*\/b.*200 OK.*\/c$/s)
})

t.test('an answer that is not HTTP becomes a problem that says so', async t => {
  const answers = {
    'not HTTP at all': ['NONSENSE', '', ''],
    'a control byte in a header': ['HTTP/1.1 200 OK', 'x-a: a\x01b', 'content-length: 0', '', ''],
    'a NUL in a header': ['HTTP/1.1 200 OK', 'x-a: a\0b', 'content-length: 0', '', ''],
    'a DEL in a header': ['HTTP/1.1 200 OK', 'x-a: a\x7fb', 'content-length: 0', '', ''],
    'a header without a name': ['HTTP/1.1 200 OK', ': x', 'content-length: 0', '', ''],
    'a lone line feed in a header': ['HTTP/1.1 200 OK', 'x-a: a\nset-cookie: a=b', 'content-length: 0', '', ''],
    'two lengths': ['HTTP/1.1 200 OK', 'content-length: 0', 'content-length: 1', '', ''],
    // a single value of that size ends a connection over HTTP/2
    ...(!IS_OVER_HTTP2 && {
      'headers that never end': ['HTTP/1.1 200 OK', `x-a: ${'x'.repeat(100_000)}`, '', ''],
    }),
  }
  for (const [name, lines] of Object.entries(answers)) {
    const { call } = await answering(t, ...lines)
    const reply = await call('/x')
    t.equal(reply.status, 502, name)
    t.match(reply.json(), { type: '/_proxy/problems/upstream-invalid', retryable: true, instance: '/x' })
    t.match(reply.json().detail, /is not valid HTTP|are larger than this proxy accepts/)
    t.notMatch(reply.rawHeaders.join(), /a=b/)
  }
})

t.test('64 KiB of an answer may wait for a client on a plain connection, whatever Node.js it is', async t => {
  const { app, call } = await answering(t, http('200 OK', [], 'a'))
  const sizes: number[] = []
  app.server.server.on('connection', socket => sizes.push(socket.writableHighWaterMark))
  t.equal((await call('/x')).text, 'a')
  t.strictSame(sizes, [64 * 1024])
})
