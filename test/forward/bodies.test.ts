import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { answerTo, call, dial, open, readAll, readReply, talk } from '../support/http.ts'
import { startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const MEGABYTES_10 = 10 * 1024 * 1024

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

/** A proxy before an upstream that keeps the body of each request as it came over the wire. */
async function keeping(t: Test) {
  const bodies: Buffer[] = []
  const upstream = await rawUpstream(t, async request => {
    bodies.push(await request.body())
    request.answer(http('200 OK'))
  })
  return { upstream, bodies, ...(await startProxy(t, { upstream: upstream.url })) }
}

t.test('ten megabytes go up, with a length or in chunks, whatever they are declared to be', async t => {
  const { port } = await startPair(t)
  const body = randomBytes(MEGABYTES_10)
  const digest = { bytes: body.length, sha256: sha256(body) }
  for (const type of [
    'application/octet-stream',
    'text/plain',
    'application/json',
    'multipart/form-data; boundary=x',
  ]) {
    const headers = { 'content-type': type }
    t.strictSame((await call(port, '/upload', { method: 'POST', headers, body })).json(), digest, type)
  }
  const sent = open(port, '/upload', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })
  for (let start = 0; start < body.length; start += 100_000) sent.write(body.subarray(start, start + 100_000))
  sent.end()
  t.strictSame((await readReply(await answerTo(sent))).json(), digest)
})

t.test('ten megabytes come down, at the pace of the client', async t => {
  const { port } = await startPair(t)
  const reply = await call(port, `/download?bytes=${MEGABYTES_10}`)
  t.equal(reply.body.length, MEGABYTES_10)
  t.equal(reply.headers['content-length'], `${MEGABYTES_10}`)
  t.equal(sha256(reply.body), reply.headers['x-simulator-sha256'])
})

t.test('a body arrives byte for byte', async t => {
  const { bodies, call, upstream } = await keeping(t)
  const json = '{"id":12345678901234567890,"float":1.0,"twice":1,"twice":2, "u":"\\u00e9"}'
  const cases = {
    'application/json': json,
    'text/plain; charset=latin1': Buffer.from([0xe9, 0xff, 0x00, 0x0a]),
    'application/x-ndjson': '{"a":1}\n{"a":2}\n',
    'multipart/form-data; boundary="a b"': '--a b\r\ncontent-disposition: form-data; name=x\r\n\r\ny\r\n--a b--\r\n',
  }
  for (const [type, body] of Object.entries(cases)) {
    await call('/x', { method: 'PUT', headers: { 'content-type': type }, body })
    t.strictSame(bodies.at(-1), Buffer.from(body), type)
    t.ok(upstream.requests.at(-1)?.head.includes(`\r\ncontent-type: ${type}\r\n`), type)
  }
  const zipped = gzipSync(json)
  await call('/x', { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: zipped })
  t.strictSame(bodies.at(-1), zipped)
  t.match(upstream.requests.at(-1)?.head, /\r\ncontent-encoding: gzip\r\n/)
  await call('/x', { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'not { json' })
  t.equal(bodies.at(-1)?.toString(), 'not { json')
})

t.test('an answer arrives byte for byte, compressed or not', async t => {
  const bytes = randomBytes(1000).toString('latin1')
  const headers = ['content-type: application/json', 'content-encoding: gzip', 'etag: "x"']
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', headers, bytes)))
  const { call } = await startProxy(t, { upstream: upstream.url })
  const reply = await call('/x', { headers: { 'accept-encoding': 'gzip, br' } })
  t.equal(reply.body.toString('latin1'), bytes)
  t.match(reply.headers, { 'content-encoding': 'gzip', 'content-length': '1000', etag: '"x"' })
  t.match(upstream.requests[0]?.head, 'accept-encoding: gzip, br')
})

t.test('a GET and a DELETE may have a body', async t => {
  for (const method of ['GET', 'DELETE']) {
    const { bodies, call, upstream } = await keeping(t)
    t.equal((await call('/x', { method, body: '{"a":1}' })).status, 200)
    t.equal(bodies[0]?.toString(), '{"a":1}')
    t.match(upstream.requests[0]?.head, 'content-length: 7')
    t.equal((await call('/x', { method })).status, 200, 'and leaves its connection in order')
  }
})

t.test('a POST with an empty body arrives as one', async t => {
  const { call, upstream } = await keeping(t)
  t.equal((await call('/x', { method: 'POST', body: '' })).status, 200)
  t.match(upstream.requests[0]?.head, /^POST \/x HTTP\/1\.1\r\n(.*\r\n)*content-length: 0/)
  t.equal((await call('/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } })).status, 200)
  t.match(upstream.requests[1]?.head, /content-length: 0|transfer-encoding: chunked/)
})

t.test('a chunked body stays chunked', async t => {
  const { bodies, port, upstream } = await keeping(t)
  const request = ['POST /x HTTP/1.1', 'host: localhost', 'connection: close', 'transfer-encoding: chunked', '', '']
  t.match(await talk(port, `${request.join('\r\n')}3;ext=1\r\nxyz\r\n2\r\nuv\r\n0\r\nx-t: 1\r\n\r\n`), / 200 OK/)
  t.match(upstream.requests[0]?.head, /\r\ntransfer-encoding: chunked(\r\n|$)/)
  t.equal(bodies[0]?.toString().replace(/[0-9a-f]+\r\n|\r\n/g, ''), 'xyzuv')
})

t.test('the body of an upload is passed on while it still comes', async t => {
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'content-length: 6', '', '')
    request.answer((await request.read(3)).toString())
    request.answer((await request.read(3)).toString())
  })
  const { port } = await startProxy(t, { upstream: upstream.url })
  const sent = open(port, '/x', { method: 'POST', headers: { 'content-length': '6' } })
  sent.write('abc')
  const answer = await answerTo(sent)
  const [first] = await new Promise<Buffer[]>(resolve => answer.once('data', chunk => resolve([chunk])))
  t.equal(first?.toString(), 'abc', 'the answer’s beginning is there before the request’s end')
  sent.end('def')
  t.equal((await readReply(answer)).text, 'def')
})

t.test('a client that waits to be asked for its body is asked', async t => {
  const { port, bodies, upstream } = await keeping(t)
  const sent = open(port, '/x', { method: 'POST', headers: { expect: '100-continue', 'content-length': '4' } })
  sent.flushHeaders()
  await new Promise(resolve => sent.once('continue', resolve))
  sent.end('body')
  t.equal((await answerTo(sent)).statusCode, 200)
  t.equal(bodies[0]?.toString(), 'body')
  t.notMatch(upstream.requests[0]?.head, /expect/i)
})

t.test('a client that pauses for too long in the middle of its upload is told so, and the upstream let go', async t => {
  const clock = testClock()
  const upstream = await rawUpstream(t, request => request.closed)
  const { port } = await startProxy(t, { upstream: upstream.url, clock })
  const socket = dial(port)
  const text = readAll(socket)
  socket.write('POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc')
  await until(() => upstream.requests.length === 1)
  await upstream.requests[0]?.read(3)
  await clock.advance(60_000)
  const reply = await text
  t.match(reply, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  t.match(reply, /\r\nconnection: close\r\n/i)
  t.match(reply, '"retryable":true')
  await upstream.requests[0]?.closed
})
