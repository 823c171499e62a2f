import t from 'tap'
import { errors } from 'undici'
import { errorCodes, explainNetworkError } from '../../src/kernel/network-error.ts'

const HOST = 'api2.prismacloud.io:443'

function failed(code: string, cause?: unknown): Error {
  return Object.assign(new Error(`MARK ${code}`, { cause }), { code })
}

const rows: [code: string, timeout: boolean, says: RegExp][] = [
  ['ENOTFOUND', false, /name .* cannot be resolved.*upstream\.proxy/],
  ['EAI_AGAIN', false, /cannot be resolved/],
  ['EAI_FAIL', false, /cannot be resolved/],
  ['ECONNREFUSED', false, /refuses connections/],
  ['ENETUNREACH', false, /no network route/],
  ['EHOSTUNREACH', false, /no network route/],
  ['ECONNRESET', false, /closed the connection before it answered/],
  ['EPIPE', false, /closed the connection before it answered/],
  ['UND_ERR_SOCKET', false, /closed the connection before it answered/],
  ['UND_ERR_CONNECT_TIMEOUT', true, /upstream\.connectTimeout/],
  ['ETIMEDOUT', true, /did not accept a connection in time/],
  ['DEADLINE', true, /did not answer in time/],
  ['UND_ERR_HEADERS_TIMEOUT', true, /upstream\.headersTimeout/],
  ['UND_ERR_BODY_TIMEOUT', true, /upstream\.bodyTimeout/],
  ['SELF_SIGNED_CERT_IN_CHAIN', false, /upstream\.caFile/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false, /upstream\.caFile/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, /upstream\.caFile/],
  ['UNABLE_TO_GET_ISSUER_CERT', false, /upstream\.caFile/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', false, /upstream\.caFile/],
  ['CERT_HAS_EXPIRED', false, /certificate .* has expired/],
  ['CERT_NOT_YET_VALID', false, /not valid yet: check this machine's clock/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false, /belongs to another name/],
  ['EPROTO', false, /does not speak TLS as expected/],
  ['UND_ERR_HEADERS_OVERFLOW', false, /headers .* larger than this proxy takes/],
  ['ESTRANGE', false, /connection to .* failed \(ESTRANGE\)/],
]

for (const [code, timeout, says] of rows) {
  t.test(`${code} is told with the host and the cure, never with the error's own text`, async t => {
    const failure = explainNetworkError(failed(code), HOST)
    t.equal(failure.timeout, timeout)
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

t.test('an answer that is no HTTP is told so, though the error has no code', async t => {
  const { timeout, detail } = explainNetworkError(new errors.HTTPParserError('MARK'), HOST)
  t.equal(timeout, false)
  t.match(detail, /answer of .* is not valid HTTP/)
  t.notMatch(detail, /MARK/)
})

t.test('what has no code is told without one', async t => {
  const expected = { timeout: false, maybeSent: true, detail: `The connection to ${HOST} failed` }
  for (const error of [new Error('MARK'), failed('ESTRANGE').message, undefined, { code: 'ENOTFOUND' }]) {
    t.strictSame(explainNetworkError(error, HOST), expected)
  }
})

t.test('codes are listed outermost first, and only texts count as codes', async t => {
  const inner = new AggregateError([failed('C'), failed('D', failed('E'))])
  t.strictSame(errorCodes(failed('A', failed('B', inner))), ['A', 'B', 'C', 'D', 'E'])
  t.strictSame(errorCodes(Object.assign(new Error('x'), { code: 7 })), [])
})
