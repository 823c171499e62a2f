import t from 'tap'
import { errors } from 'undici'
import {
  errorCodes,
  explainNetworkError,
  type NetworkFailure,
  OutboundProxyError,
} from '../../src/kernel/network-error.ts'

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
  ['ECONNRESET', 'unreachable', /closed the connection before it answered/],
  ['EPIPE', 'unreachable', /closed the connection before it answered/],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'unreachable', /closed the connection before it answered/],
  ['UND_ERR_SOCKET', 'unreachable', /closed the connection before it answered/],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout', /upstream\.connectTimeout/],
  ['ETIMEDOUT', 'timeout', /did not accept a connection in time/],
  ['DEADLINE', 'timeout', /did not answer in time/],
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
    /certificate .* has expired: check this machine's clock, then tell whoever runs that host/,
  ],
  ['CERT_NOT_YET_VALID', 'unreachable', /not valid yet: check this machine's clock/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable', /belongs to another name: check the url/],
  ['EPROTO', 'unreachable', /does not speak TLS as expected/],
  ['UND_ERR_HEADERS_OVERFLOW', 'invalid', /headers .* larger than this proxy takes/],
  ['HPE_HEADER_OVERFLOW', 'invalid', /headers .* larger than this proxy takes/],
  ['ESTRANGE', 'unreachable', /connection to .* failed \(ESTRANGE\)/],
]

for (const [code, nature, says] of rows) {
  t.test(`${code} is told with the host and the cure, never with the error's own text`, async t => {
    const failure = explainNetworkError(failed(code), HOST)
    t.equal(failure.nature, nature)
    t.match(failure.detail, says)
    t.match(failure.detail, HOST)
    t.notMatch(failure.detail, /MARK/)
  })
}

t.test('it is told whether the request may have been taken', async t => {
  for (const code of ['ENOTFOUND', 'ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'EPROTO']) {
    t.equal(explainNetworkError(failed(code), HOST).maybeSent, false, code)
  }
  for (const code of ['ECONNRESET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'DEADLINE', 'ESTRANGE']) {
    t.equal(explainNetworkError(failed(code), HOST).maybeSent, true, code)
  }
})

t.test('the first code that can be explained is, however deep it lies', async t => {
  const deep = new AggregateError([failed('ESTRANGE'), failed('ECONNREFUSED')], 'MARK')
  t.match(explainNetworkError(new TypeError('fetch failed', { cause: deep }), HOST).detail, /refuses connections/)
  t.match(explainNetworkError(failed('ESTRANGE', failed('ENOTFOUND')), HOST).detail, /cannot be resolved/)
})

t.test(
  'an answer that is no HTTP is told so, though undici’s error has no code, and Node.js’s one of many',
  async t => {
    for (const error of [new errors.HTTPParserError('MARK'), failed('HPE_INVALID_CONSTANT')]) {
      const { nature, detail } = explainNetworkError(error, HOST)
      t.equal(nature, 'invalid')
      t.match(detail, /answer of .* is not valid HTTP/)
      t.notMatch(detail, /MARK/)
    }
  },
)

t.test('what has no code is told without one', async t => {
  const expected = { nature: 'unreachable', maybeSent: true, detail: `The connection to ${HOST} failed` }
  for (const error of [new Error('MARK'), failed('ESTRANGE').message, undefined, { code: 'ENOTFOUND' }]) {
    t.strictSame(explainNetworkError(error, HOST), expected)
  }
})

t.test('an outbound proxy that is at fault is named', async t => {
  const explain = (status: number | null, cause?: unknown) =>
    explainNetworkError(new OutboundProxyError('proxy:3128', status, cause), HOST)
  for (const status of [401, 407])
    t.match(explain(status), {
      nature: 'unreachable',
      maybeSent: false,
      detail: /proxy:3128 wants a user and password/,
    })
  t.match(explain(403).detail, `proxy:3128 does not connect to ${HOST} (403): ask who runs it`)
  t.match(explain(null, failed('ENOTFOUND')).detail, /^The outbound proxy: The name proxy:3128 cannot be resolved/)
  t.match(explain(null, failed('UND_ERR_CONNECT_TIMEOUT')), {
    nature: 'timeout',
    detail: /^The outbound proxy proxy:3128 did not connect to .* in time/,
  })
})

t.test('codes are listed outermost first, and only texts count as codes', async t => {
  const inner = new AggregateError([failed('C'), failed('D', failed('E'))])
  t.strictSame(errorCodes(failed('A', failed('B', inner))), ['A', 'B', 'C', 'D', 'E'])
  t.strictSame(errorCodes(Object.assign(new Error('x'), { code: 7 })), [])
})
