// Requests of which few are HTTP as it should be: made of parts, good and bad, and then perhaps damaged byte by byte.
import { between, pick, shuffled } from '../support/random.js'

const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PURGE', 'get', 'G\x00T', '']
const PATHS = [
  '/x',
  '/v2/policy?a=b',
  '/%2e/x',
  '/_proxy/status',
  '/_tenant/default/x',
  '/a%00',
  '//',
  '*',
  '/\xff',
  '/x y',
  // the longest that is forwarded, which damage makes longer
  `/x?${'q'.repeat(65_533)}`,
]
/** Calls that the proxy makes itself, and what some server overlooks around them. */
const AUTH_CALLS = ['/login', '/auth_token/extend', '/_compute/api/v1/authenticate']
const BEFORE = ['', '', '', '/', '//x', '/x/%252e%252e', '/;v', '/%20']
const BEHIND = [
  '',
  '#x',
  '%23x',
  '%2523x',
  '?#',
  '%3fx',
  ';x',
  '/',
  '//',
  '.json',
  '.',
  '%20',
  '+',
  '%0a',
  '%00',
  '%c2%a0',
]

const ODD_VERSIONS = ['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', 'http/1.1', 'HTTP/1.', 'HTTP/9.9', '']
const ODD_ENDS = ['\n', '\r', '\r\r\n', '\n\r', '']
const GOOD_HEADERS = ['accept: */*', 'user-agent: fuzz', 'x-a: b', 'accept-encoding: gzip', 'connection: keep-alive']
const ODD_HEADERS = [
  'connection: close',
  'connection: x-a, host',
  'content-length: 5',
  'content-length: 5, 5',
  'content-length: -1',
  'content-length: +5',
  'content-length: 0x5',
  'content-length: 99999999999999999999',
  'transfer-encoding: chunked',
  'transfer-encoding: chunked, chunked',
  'transfer-encoding: gzip',
  'transfer-encoding : chunked',
  'Transfer-Encoding:\tchunked',
  'transfer-encoding: xchunked',
  ' folded: line',
  '\tfolded',
  ': no name',
  'no colon',
  'x-nul: a\0b',
  'x-high: \xff\xfe',
  'expect: 100-continue',
  'expect: 200-ok',
  'upgrade: websocket',
  'te: trailers',
  `x-long: ${'x'.repeat(5_000)}`,
  'x-redlock-auth: somebody',
  'x-prismacloud-tenant: nobody',
  'x-http-method-override: DELETE',
  'X_HTTP_METHOD_OVERRIDE: DELETE',
  'x-original-url: /auth_token/extend',
]

/** Each has the guard refuse the request, whatever else is in it. */
const FORBIDDEN = [
  'host: evil.example',
  'host: 127.0.0.1.evil.example',
  'origin: http://evil.example',
  'origin: null',
  'sec-fetch-site: cross-site',
  'sec-fetch-site: same-site',
]

const BODIES = [
  '',
  '',
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  'ffffffffffffffffff\r\n',
  '5;x=y\r\nhello\r\n0\r\n\r\n',
  '-1\r\n',
]

/** Of so many parts one is odd. */
const ODD = 20

/** Of so many requests one has damaged bytes. */
const DAMAGED = 4

const MOST_DAMAGES = 6

/**
 * The bytes of a request, in latin1, and whether it may be forwarded. Where it may not, the line that forbids it and
 * those that begin and end the head are whole.
 */
export function makeRequest(random, id) {
  const isForbidden = random() < 1 / 3
  const head = isForbidden ? `GET /${id} HTTP/1.1\r\n` : startLine(random, id)
  const headers = shuffled(random, [
    ...several(random, GOOD_HEADERS, 3),
    ...several(random, ODD_HEADERS, between(random, 0, 2)),
  ])
  if (random() < 0.9) headers.unshift(`host: ${pick(random, ['localhost', '127.0.0.1', '[::1]', 'default.localhost'])}`)
  const end = () => seldom(random, ODD_ENDS, '\r\n')
  const rest = headers.map(header => header + end()).join('') + end() + pick(random, BODIES)
  const tail = random() < 1 / DAMAGED ? damaged(random, rest) : rest
  if (!isForbidden) return { bytes: random() < 1 / DAMAGED ? damaged(random, head + tail) : head + tail, isForbidden }
  return { bytes: `${head}${pick(random, FORBIDDEN)}\r\n${tail}`, isForbidden }
}

function startLine(random, id) {
  const odd = random() < 1 / 2 ? [authCall(random)] : PATHS
  const [method, path] = [pick(random, METHODS), seldom(random, odd, `/${id}`)]
  return `${method} ${path} ${seldom(random, ODD_VERSIONS, 'HTTP/1.1')}${seldom(random, ODD_ENDS, '\r\n')}`
}

/** One of the calls that are the proxy's, spelt as no client would. */
function authCall(random) {
  const encoded = char => (random() < 1 / ODD ? `%${char.charCodeAt(0).toString(16)}` : char)
  const spelt = [...pick(random, AUTH_CALLS)].map(encoded).join('')
  return pick(random, BEFORE) + spelt + pick(random, BEHIND) + pick(random, BEHIND)
}

/** Mostly what is usual. */
function seldom(random, odd, usual) {
  return random() < 1 / ODD ? pick(random, odd) : usual
}

function several(random, items, most) {
  return Array.from({ length: between(random, 0, most) }, () => pick(random, items))
}

/** Bytes lost, doubled, changed and put in. */
function damaged(random, text) {
  let bytes = text
  for (let count = between(random, 1, MOST_DAMAGES); count > 0; count--) {
    const at = between(random, 0, bytes.length)
    const byte = String.fromCharCode(between(random, 0, 255))
    const [before, after] = [bytes.slice(0, at), bytes.slice(at)]
    bytes = pick(random, [
      before + after.slice(1),
      before + byte + after,
      before + byte + after.slice(1),
      before + after + after,
    ])
  }
  return bytes
}
