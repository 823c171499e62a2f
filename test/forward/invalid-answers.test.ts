import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const EMPTY = 'content-length: 0\r\n\r\n'
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`

const CHECK = /check the port and the scheme \(http or https\)/
const LENGTH = /its content-length is not a single whole number/
const BOTH = /both content-length and transfer-encoding/
const LINE = /a header line does not end in CR LF/
const VERSION = /neither HTTP\/1\.1 nor HTTP\/1\.0/
const STATUS = /its status is not a number of three digits/
const CODING = /its transfer-encoding is not chunked/

/** Answers that are no HTTP, and what is said of them. */
const rows: readonly (readonly [answer: string, fault: RegExp])[] = [
  [`${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nabcde`, /more than one content-length/],
  [`${OK}content-length: 5\r\ncontent-length: 6\r\n\r\nabcde`, /more than one content-length/],
  [`${OK}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, BOTH],
  [`${OK}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`, BOTH],
  [`${OK}content-length: 5, 5\r\n\r\nabcde`, LENGTH],
  [`${OK}content-length: -5\r\n\r\nabcde`, LENGTH],
  [`${OK}content-length: five\r\n\r\nabcde`, LENGTH],
  [`${OK}content-length: 0x5\r\n\r\nabcde`, LENGTH],
  [`${OK}content-length: \r\n\r\nabcde`, LENGTH],
  [`${OK}content-length: 99999999999999999999\r\n\r\n`, /its content-length is too large/],
  [`${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, CODING],
  [`${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, CODING],
  [`${OK}transfer-encoding: chunked, gzip\r\n\r\nabc`, CODING],
  [`${OK}content-length: 0\r\nx-a: b\r\n c\r\n\r\n`, /obsolete line folding/],
  [`${OK} x-a: b\r\n${EMPTY}`, /starts with a space/],
  [`HTTP/1.1 200 OK\n${EMPTY}`, LINE],
  [`${OK}content-length: 0\nx-a: b\r\n\r\n`, LINE],
  [`${OK}content-length: 0\r\nx-a: b\rc\r\n\r\n`, LINE],
  [`${OK}content-length: 0\r\n\rHTTP`, LINE],
  [`${OK}content-length: 0\r\nno colon\r\n\r\n`, /no colon, or an invalid character in its name/],
  [`${OK}content-length: 0\r\nx-a : b\r\n\r\n`, /no colon, or an invalid character in its name/],
  [`${OK}content-length: 0\r\nx-a: b\0c\r\n\r\n`, /a control character in its value/],
  [`${CHUNKED}zz\r\n`, /a chunk has an invalid size/],
  [`${CHUNKED}-1\r\n`, /a chunk has an invalid size/],
  [`${CHUNKED}fffffffffffffffff\r\n`, /a chunk has an invalid size/],
  [`${CHUNKED}1\nx\r\n`, /a chunk has an invalid size/],
  [`${CHUNKED}1;a=\x01\r\nx\r\n`, /a chunk has an invalid extension/],
  [`HTTP/1.1 600 Odd\r\n${EMPTY}`, /its status is 600/],
  [`HTTP/1.1 999 Odd\r\n${EMPTY}`, /its status is 999/],
  [`HTTP/1.1 099 Odd\r\n${EMPTY}`, /its status is 99/],
  [`HTTP/1.1 000 Odd\r\n${EMPTY}`, /its status is 0/],
  [`HTTP/1.1 1000 Odd\r\n${EMPTY}`, STATUS],
  [`HTTP/1.1 20 Odd\r\n${EMPTY}`, STATUS],
  [`HTTP/1.1 2OO OK\r\n${EMPTY}`, STATUS],
  [`HTTP/1.2 200 OK\r\n${EMPTY}`, VERSION],
  [`HTTP/2 200 OK\r\n${EMPTY}`, VERSION],
  [`HTTP/x.1 200 OK\r\n${EMPTY}`, VERSION],
  [`HTTP/1.x 200 OK\r\n${EMPTY}`, VERSION],
  ['HTTP/1.1 101 Switching Protocols\r\n\r\n', /switches protocols \(101\), which the request did not ask for/],
  ['HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n', /switches protocols \(101\)/],
  ['HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(101) + http('200 OK'), /more than 100 interim responses/],
  [
    `HTTP/1.0 100 Continue\r\ncontent-length: 4\r\n\r\n${http('200 OK', [], 'fine')}`,
    /an interim response has a content-length/,
  ],
  ['<html>It works</html>', /does not start with HTTP\/1\.1: check the port/],
  [`http/1.1 200 OK\r\n${EMPTY}`, /does not start with HTTP\/1\.1/],
  [`\x00\x00\x12\x04\x00\x00\x00\x00\x00${'\x00'.repeat(18)}`, /it is HTTP\/2, but the request was HTTP\/1\.1/],
  ['\x15\x03\x03\x00\x02\x02\x46', /it is TLS: check the port and the scheme/],
  [`HTTP/1.1x200 OK\r\n${EMPTY}`, CHECK],
]

t.test('an answer that is no HTTP is 502, says what is wrong with it, and is not asked for again', async t => {
  let answer = ''
  const upstream = await rawUpstream(t, request => request.answer(request.target === '/next' ? http('200 OK') : answer))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const [bytes, fault] of rows) {
    answer = bytes
    for (const method of ['GET', 'DELETE']) {
      const before = upstream.requests.length
      const reply = await call('/x', { method })
      t.equal(reply.status, 502, bytes)
      t.match(reply.json(), { type: '/_proxy/problems/upstream-invalid', detail: /is not valid HTTP: / }, bytes)
      t.match(reply.json().detail, fault, bytes)
      t.equal(upstream.requests.length, before + 1, bytes)
      t.equal((await call('/next')).status, 200)
    }
  }
})

t.test('so it is where the answer comes byte by byte', async t => {
  const upstream = await rawUpstream(t, async ({ socket, target }) => {
    const answer = target === '/next' ? http('200 OK') : `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\n`
    for (const byte of answer) {
      socket.write(byte)
      await new Promise(resolve => setImmediate(resolve))
    }
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.match((await call('/x')).json().detail, /more than one content-length/)
  t.equal((await call('/next')).status, 200)
})

t.test('a login that is answered so says what is wrong, too', async t => {
  const login = `${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nabcde`
  const upstream = await rawUpstream(t, () => {}, { login: request => request.answer(login) })
  const { app, call } = await startProxy(t, { upstream: upstream.url })
  void app.login()
  await until(async () => /more than one content-length/.test((await call('/_proxy/status')).text))
  t.equal(upstream.logins.length, 1)
})

t.test('answers that are odd, but valid, are passed on', async t => {
  let answer = ''
  const upstream = await rawUpstream(t, request => {
    request.answer(answer)
    if (!/length|chunked/.test(answer)) request.socket.end()
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  const body = 'content-length: 3\r\n\r\nabc'
  for (const odd of [
    `HTTP/1.1 200\r\n${body}`,
    `HTTP/1.1 200 \r\n${body}`,
    `HTTP/1.1 299 d\xe9j\xe0 vu\r\n${body}`,
    `HTTP/1.0 200 OK\r\n${body}`,
    `${OK}Content-Length:3\r\n\r\nabc`,
    `${OK}content-length: 003\r\n\r\nabc`,
    `\r\n${OK}${body}`,
    `${OK}Transfer-Encoding: Chunked\r\n\r\n3;a="b"\r\nabc\r\n0\r\n\r\n`,
    `${OK}transfer-encoding: identity\r\n\r\nabc`,
    `${OK}\r\nabc`,
  ]) {
    answer = odd
    t.match(await call('/x'), { text: 'abc', status: /^2[09][09]$/ }, odd)
  }
  answer = `HTTP/1.1 599 Odd\r\n${body}`
  t.match((await call('/x')).json(), { status: 599, type: '/_proxy/problems/upstream-error' })
})

t.test('an answer that is the last on its connection and is cut off is told as that', async t => {
  let answer = `${OK}connection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab`
  const upstream = await rawUpstream(t, request => {
    request.answer(answer)
    request.socket.end()
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  await t.rejects(call('/x'), 'it does not look whole')
  answer = answer.replace('200 OK', '400 Bad Request')
  t.match((await call('/x')).json(), { status: 400, upstream: { body: 'ab' } }, 'an error is told as far as it came')
})
