import t from 'tap'
import { errors } from 'undici'
import { errorCodes } from '../../src/kernel/error-codes.ts'
import { ConnectError, OutboundProxyError, StreamResetError, UnprocessedError } from '../../src/upstream/errors.ts'
import type { NetworkFailure } from '../../src/upstream/explanations.ts'
import { explainNetworkError } from '../../src/upstream/network-error.ts'

const HOST = 'api2.prismacloud.io:443'

function failed(code: string, cause?: unknown): Error {
  return Object.assign(new Error(`MARK ${code}`, { cause }), { code })
}

const rows: [code: string, nature: NetworkFailure['nature'], says: RegExp][] = [
  ['ENOTFOUND', 'unreachable', /name .* cannot be resolved.*upstream\.proxy/],
  ['EAI_AGAIN', 'unreachable', /cannot be resolved/],
  ['EAI_FAIL', 'unreachable', /cannot be resolved/],
  ['ECONNREFUSED', 'unreachable', /refuses connections: check the host and port.*upstream\.proxy/],
  ['ENETUNREACH', 'unreachable', /no network route/],
  ['EHOSTUNREACH', 'unreachable', /no network route/],
  ['ENETDOWN', 'unreachable', /no network route/],
  ['EAI_NODATA', 'unreachable', /cannot be resolved/],
  ['EMFILE', 'unreachable', /too many open files \(EMFILE\); raise the limit \(ulimit -n/],
  ['ENFILE', 'unreachable', /too many open files \(ENFILE\)/],
  ['EADDRNOTAVAIL', 'unreachable', /no local address or port is free \(EADDRNOTAVAIL\); lower listen\.maxRequests/],
  ['ENOBUFS', 'unreachable', /out of memory \(ENOBUFS\)/],
  ['EPERM', 'unreachable', /does not allow connections to .* \(EPERM\): check its firewall/],
  ['EAFNOSUPPORT', 'unreachable', /cannot use the addresses of .*: check whether IPv4 or IPv6 is disabled/],
  ['ECONNRESET', 'unreachable', /closed the connection before sending a complete response/],
  ['EPIPE', 'unreachable', /closed the connection before sending a complete response/],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'unreachable', /closed the connection before sending a complete response/],
  ['UND_ERR_SOCKET', 'unreachable', /closed the connection before sending a complete response/],
  [new StreamResetError(2).code, 'unreachable', /broke off its response \(reset of an HTTP\/2 stream\)/],
  ['ERR_HTTP2_SESSION_ERROR', 'unreachable', /ended the connection with an error/],
  ['ERR_HTTP2_ERROR', 'invalid', /not valid HTTP: it breaks the rules of HTTP\/2/],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout', /upstream\.connectTimeout/],
  ['ETIMEDOUT', 'timeout', /The connection to .* timed out/],
  ['DEADLINE', 'timeout', /did not respond in time/],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout', /upstream\.headersTimeout/],
  ['UND_ERR_BODY_TIMEOUT', 'timeout', /upstream\.bodyTimeout/],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unreachable', /upstream\.caFile/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable', /upstream\.caFile/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unreachable', /upstream\.caFile/],
  ['UNABLE_TO_GET_ISSUER_CERT', 'unreachable', /upstream\.caFile/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unreachable', /upstream\.caFile/],
  [
    'CERT_HAS_EXPIRED',
    'unreachable',
    /certificate .* has expired: check this machine's clock, then report it to the operator of that host/,
  ],
  ['CERT_NOT_YET_VALID', 'unreachable', /not valid yet: check this machine's clock/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable', /belongs to another name: check the URL/],
  ['CERT_REVOKED', 'unreachable', /certificate of .* is not acceptable \(CERT_REVOKED\)/],
  ['EPROTO', 'unreachable', /TLS handshake with .* failed/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'unreachable', /TLS handshake with .* failed \(ERR_SSL_WRONG_VERSION_NUMBER\)/],
  ['UND_ERR_HEADERS_OVERFLOW', 'invalid', /headers from .* larger than this proxy accepts/],
  ['HPE_HEADER_OVERFLOW', 'invalid', /headers from .* larger than this proxy accepts/],
  ['ESTRANGE', 'unreachable', /connection to .* failed \(ESTRANGE\)/],
]

for (const [code, nature, says] of rows) {
  t.test(`${code} is explained with the host and what to do, never with the error's own message`, async t => {
    const failure = explainNetworkError(failed(code), HOST)
    t.equal(failure.nature, nature)
    t.match(failure.detail, says)
    t.match(failure.detail, HOST)
    t.notMatch(failure.detail, /MARK/)
  })
}

t.test('an explanation says whether the host may have received the request', async t => {
  const early = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'EPROTO']
  const local = ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'EAGAIN', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM']
  for (const code of [...early, ...local, 'EAFNOSUPPORT', 'ENETDOWN', 'EHOSTDOWN', 'EAI_MEMORY']) {
    t.equal(explainNetworkError(failed(code), HOST).maybeSent, false, code)
  }
  for (const code of ['ECONNRESET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'DEADLINE', 'ESTRANGE']) {
    t.equal(explainNetworkError(failed(code), HOST).maybeSent, true, code)
  }
})

t.test('without a connection nothing was sent, whatever the code', async t => {
  for (const code of ['ECONNRESET', 'ETIMEDOUT', 'DEADLINE', 'ESTRANGE', 'EMFILE', 'ERR_SSL_BAD_RECORD_TYPE']) {
    const { maybeSent, detail } = explainNetworkError(new ConnectError(failed(code)), HOST)
    t.equal(maybeSent, false, code)
    t.notMatch(detail, /MARK/)
  }
  for (const code of ['ETIMEDOUT', 'DEADLINE'])
    t.match(explainNetworkError(new ConnectError(failed(code)), HOST).detail, /timed out \(upstream\.connectTimeout\)/)
  const late = new ConnectError(new OutboundProxyError('proxy:3128', null, failed('DEADLINE')))
  t.match(explainNetworkError(late, HOST), { nature: 'timeout', detail: /^The outbound proxy proxy:3128 did not/ })
})

t.test('an explanation says whether the next attempt will fail the same way', async t => {
  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'CERT_HAS_EXPIRED', 'EPROTO', 'NOT_SOCKS'])
    t.equal(explainNetworkError(new ConnectError(failed(code)), HOST).lasting, true, code)
  for (const code of ['ENETUNREACH', 'EMFILE', 'DEADLINE', 'ECONNRESET', 'UND_ERR_HEADERS_TIMEOUT', 'ESTRANGE'])
    t.equal(explainNetworkError(new ConnectError(failed(code)), HOST).lasting, false, code)
  const proxied = (status: number | null, cause?: unknown) =>
    explainNetworkError(new ConnectError(new OutboundProxyError('proxy:3128', status, cause)), HOST).lasting
  for (const status of [401, 403, 407, 2, 5]) t.equal(proxied(status), true, `${status}`)
  for (const status of [502, 503, 504, 1, 3, 4]) t.equal(proxied(status), false, `${status}`)
  t.strictSame([proxied(null, failed('ECONNREFUSED')), proxied(null, failed('ECONNRESET'))], [true, false])
})

t.test('the first known code is explained, however deeply nested', async t => {
  const deep = new AggregateError([failed('ESTRANGE'), failed('ECONNREFUSED')], 'MARK')
  t.match(explainNetworkError(new TypeError('fetch failed', { cause: deep }), HOST).detail, /refuses connections/)
  t.match(explainNetworkError(failed('ESTRANGE', failed('ENOTFOUND')), HOST).detail, /cannot be resolved/)
})

t.test(
  'a response that is not HTTP is explained, although undici’s error has no code and Node.js has many',
  async t => {
    for (const error of [new errors.HTTPParserError('MARK'), failed('HPE_INVALID_CONSTANT')]) {
      const { nature, detail } = explainNetworkError(error, HOST)
      t.equal(nature, 'invalid')
      t.match(detail, /response from .* is not valid HTTP/)
      t.notMatch(detail, /MARK/)
    }
  },
)

t.test('a request that was not processed can be sent again', async t => {
  t.match(explainNetworkError(new UnprocessedError(), HOST), {
    nature: 'unreachable',
    maybeSent: false,
    lasting: false,
    detail: `${HOST} did not process the request`,
  })
})

t.test('an error without a code is explained without one', async t => {
  const expected = {
    nature: 'unreachable',
    maybeSent: true,
    lasting: false,
    detail: `The connection to ${HOST} failed`,
  }
  for (const error of [new Error('MARK'), failed('ESTRANGE').message, undefined, { code: 'ENOTFOUND' }]) {
    t.strictSame(explainNetworkError(error, HOST), expected)
  }
})

t.test('a failing outbound proxy is named', async t => {
  const explain = (status: number | null, cause?: unknown) =>
    explainNetworkError(new OutboundProxyError('proxy:3128', status, cause), HOST)
  for (const status of [401, 407])
    t.match(explain(status), {
      nature: 'unreachable',
      maybeSent: false,
      detail: /proxy:3128 requires a valid user and password/,
    })
  t.match(explain(403).detail, `proxy:3128 refused to connect to ${HOST} (403): ask its operator`)
  t.match(
    explain(null, failed('ENOTFOUND')).detail,
    /^The outbound proxy failed: The name proxy:3128 cannot be resolved/,
  )
  t.match(explain(null, failed('UND_ERR_CONNECT_TIMEOUT')), {
    nature: 'timeout',
    detail: /^The outbound proxy proxy:3128 did not connect to .* in time/,
  })
})

t.test('codes are listed outermost first, and only strings count', async t => {
  const inner = new AggregateError([failed('C'), failed('D', failed('E'))])
  t.strictSame(errorCodes(failed('A', failed('B', inner))), ['A', 'B', 'C', 'D', 'E'])
  t.strictSame(errorCodes(Object.assign(new Error('x'), { code: 7 })), [])
})
