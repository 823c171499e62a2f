import t from 'tap'
import { talk } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** What a second server might take for a request of its own. */
const HIDDEN = 'GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n'

const post = (lines: readonly string[], body = '') =>
  ['POST /x HTTP/1.1', 'host: localhost', ...lines, '', body].join('\r\n')

const chunked = (lines: readonly string[], body = '5\r\nhello\r\n0\r\n\r\n') => post(lines, body + HIDDEN)

/** Requests that two servers may read in different ways (RFC 9112, 11.2), and the status that they get. */
const rows: Record<string, [request: string, status: number]> = {
  'two lengths': [post(['content-length: 5', 'content-length: 6'], `hello${HIDDEN}`), 400],
  'two equal lengths': [post(['content-length: 5', 'content-length: 5'], `hello${HIDDEN}`), 400],
  'a list of lengths': [post(['content-length: 5, 6'], `hello${HIDDEN}`), 400],
  'a length with a sign': [post(['content-length: +5'], `hello${HIDDEN}`), 400],
  'a negative length': [post(['content-length: -5'], HIDDEN), 400],
  'a hexadecimal length': [post(['content-length: 0x5'], `hello${HIDDEN}`), 400],
  'a length with a space in it': [post(['content-length: 5 6'], `hello${HIDDEN}`), 400],
  'a length beyond all numbers': [post(['content-length: 99999999999999999999'], HIDDEN), 400],
  'a length and chunks': [chunked(['content-length: 5', 'transfer-encoding: chunked']), 400],
  'chunks and a length': [chunked(['transfer-encoding: chunked', 'content-length: 5']), 400],
  'chunked twice': [chunked(['transfer-encoding: chunked, chunked']), 400],
  'chunked in two lines': [chunked(['transfer-encoding: chunked', 'transfer-encoding: chunked']), 400],
  'chunked before another coding': [chunked(['transfer-encoding: chunked, identity']), 400],
  'a version that is not spoken': ['GET /x HTTP/2.0\r\nhost: localhost\r\n\r\n', 505],
  'a version that is not spoken any more': ['GET /x HTTP/0.9\r\nhost: localhost\r\n\r\n', 505],
  'another coding before chunked': [chunked(['transfer-encoding: gzip, chunked']), 501],
  'a coding that is not known': [chunked(['transfer-encoding: xchunked']), 400],
  'a coding with a vertical tab': [chunked(['transfer-encoding: \x0bchunked']), 400],
  'a coding in quotes': [chunked(['transfer-encoding: "chunked"']), 400],
  'a space before the colon': [chunked(['transfer-encoding : chunked', 'content-length: 5']), 400],
  'a tab before the colon': [chunked(['transfer-encoding\t: chunked', 'content-length: 5']), 400],
  'a folded header': [chunked(['x-a: 1', ' transfer-encoding: chunked', 'content-length: 5']), 400],
  'a folded coding': [chunked(['transfer-encoding:', ' chunked', 'content-length: 5']), 400],
  'a header that begins with a space': [post([' x-a: 1', 'content-length: 0']), 400],
  'a header without a colon': [post(['x-a', 'content-length: 0']), 400],
  'a header without a name': [post([': x', 'content-length: 0']), 400],
  'a NUL in a header': [post(['x-a: b\0c', 'content-length: 0']), 400],
  'a bare CR in a header': [post(['x-a: b\rx-c: d', 'content-length: 0']), 400],
  'line ends without CR': [`POST /x HTTP/1.1\nhost: localhost\ncontent-length: 5\n\nhello${HIDDEN}`, 400],
  'a header that ends without CR': [post(['x-a: b\ncontent-length: 5'], `hello${HIDDEN}`), 400],
  'a chunk size with a sign': [chunked(['transfer-encoding: chunked'], '+5\r\nhello\r\n0\r\n\r\n'), 400],
  'a chunk size that is no number': [chunked(['transfer-encoding: chunked'], '0x5\r\nhello\r\n0\r\n\r\n'), 400],
  'a chunk size that ends without CR': [chunked(['transfer-encoding: chunked'], '5\nhello\r\n0\r\n\r\n'), 400],
  'a chunk that is longer than its size': [chunked(['transfer-encoding: chunked'], '5\r\nhello!\r\n0\r\n\r\n'), 400],
  'a chunk extension that ends without CR': [chunked(['transfer-encoding: chunked'], '5;a\nhello\r\n0\r\n\r\n'), 400],
  'another version': [`GET /x HTTP/1.2\r\nhost: localhost\r\n\r\n${HIDDEN}`, 400],
  'no version': [`GET /x\r\n${HIDDEN}`, 400],
  'a target with a space': [`GET /x y HTTP/1.1\r\nhost: localhost\r\n\r\n${HIDDEN}`, 400],
}

for (const [title, [request, status]] of Object.entries(rows)) {
  t.test(`a request with ${title} is refused with ${status} and its connection closed`, async t => {
    const upstream = await rawUpstream(t, each => each.answer(http('200 OK', [], 'forwarded')))
    const { port } = await startProxy(t, { upstream: upstream.url })
    const text = await talk(port, Buffer.from(request, 'latin1'))
    t.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
    t.match(text, /\r\nconnection: close\r\n/i)
    t.match(text, '"type":"/_proxy/problems/invalid-request"')
    t.equal(text.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, 'nothing after it is served')
    const targets = upstream.requests.map(({ target }) => target)
    // a body is passed on as it comes, before what is wrong with it is seen
    t.strictSame(targets, title.startsWith('a chunk') && targets.length > 0 ? ['/x'] : [], 'nothing is forwarded')
  })
}
