import { errorCodes, PARSER_ERROR } from '../kernel/error-codes.ts'
import { ConnectError, InvalidResponseError, OutboundProxyError, UnprocessedError } from './errors.ts'
import {
  connectTimeout,
  explanations,
  invalidResponse,
  type NetworkFailure,
  noConnection,
  noResponse,
  unprocessed,
} from './explanations.ts'

/** A proxy asks for a user and password with 407 (RFC 9110, 15.5.8); some reject wrong ones with 401. */
const UNAUTHENTICATED = [401, 407]

/** Permanent refusals: by the proxy's rules (HTTP 403, SOCKS 2), or because the host refuses connections (SOCKS 5). */
const LASTING = [...UNAUTHENTICATED, 403, 2, 5]

/**
 * Explains an error of a request to `host`, by its code or that of an error it wraps. The detail never quotes the
 * error's own message, which may hold what the host sent.
 */
export function explainNetworkError(error: unknown, host: string): NetworkFailure {
  if (error instanceof ConnectError) return explainConnectError(error, host)
  if (error instanceof OutboundProxyError) return explainProxyError(error, host)
  if (error instanceof InvalidResponseError) return invalidResponse(error.fault)(host, '')
  if (error instanceof UnprocessedError) return unprocessed(host, '')
  const codes = codesOf(error)
  for (const code of codes) {
    const explain = explanations[code]
    if (explain) return explain(host, code)
  }
  const [code = ''] = codes
  return noResponse(() => `The connection to ${host} failed${code ? ` (${code})` : ''}`)(host, code)
}

function explainConnectError({ cause }: ConnectError, host: string): NetworkFailure {
  const failure = explainNetworkError(cause, host)
  const isLate = failure.nature === 'timeout' && !(cause instanceof OutboundProxyError)
  return isLate ? connectTimeout(host, '') : { ...failure, maybeSent: false }
}

const tunnelTimeout = (proxy: string) =>
  noConnection(
    host =>
      `The outbound proxy ${proxy} did not connect to ${host} in time (half of upstream.connectTimeout): check that both are reachable`,
  )

function explainProxyError({ proxy, status, cause }: OutboundProxyError, host: string): NetworkFailure {
  if (status === null) {
    const failure = explainNetworkError(cause, proxy)
    if (failure.nature === 'timeout') return tunnelTimeout(proxy)(host, '')
    return { ...failure, maybeSent: false, detail: `The outbound proxy failed: ${failure.detail}` }
  }
  const why = UNAUTHENTICATED.includes(status)
    ? `requires a valid user and password: set user:password@${proxy} in the URL of upstream.proxy or HTTPS_PROXY`
    : `refused to connect to ${host} (${status}): ask its operator to allow that host`
  const nature = { nature: 'unreachable', maybeSent: false, lasting: LASTING.includes(status) } as const
  return { ...nature, detail: `The outbound proxy ${proxy} ${why}` }
}

/**
 * The codes of an error and of all errors that it wraps. Parser errors share one code, except those that have an
 * explanation of their own.
 */
function codesOf(error: unknown): string[] {
  return errorCodes(error).map(code => (code.startsWith('HPE_') && !(code in explanations) ? PARSER_ERROR : code))
}
