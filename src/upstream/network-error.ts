import { errorCodes, PARSER_ERROR } from '../kernel/error-codes.ts'
import { AnswerError } from './errors.ts'
import {
  connectTimeout,
  explanations,
  invalidAnswer,
  type NetworkFailure,
  noConnection,
  unanswered,
} from './explanations.ts'

/** With 407 (RFC 9110, 15.5.8) a proxy asks for a user and password; some refuse wrong ones with 401. */
const UNAUTHENTICATED = [401, 407]

/** Of HTTP and SOCKS 5 (RFC 1928, 6), by which a proxy says that it will not, or that the host refuses connections. */
const LASTING = [...UNAUTHENTICATED, 403, 2, 5]

/**
 * No connection could be made, so nothing was sent, whatever the cause is. With a `code` of its own undici might connect
 * again.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'

  constructor(cause: unknown) {
    super('no connection could be made', { cause })
  }
}

/** The outbound proxy, by which a request was to go, is at fault. With a `code` of its own undici might connect again. */
export class OutboundProxyError extends Error {
  override readonly name = 'OutboundProxyError'
  /** The proxy's host and port. */
  readonly proxy: string
  /**
   * The status of HTTP or reply of SOCKS 5 (RFC 1928, 6) by which it refused, 407 where it wants another login; null where it
   * did not answer as proxies do.
   */
  readonly status: number | null

  constructor(proxy: string, status: number | null, cause: unknown) {
    super(`by way of ${proxy}`, { cause })
    this.proxy = proxy
    this.status = status
  }
}

/** Explains an error met on the way to `host`, by its code or that of what caused it. Never quotes the error's own text. */
export function explainNetworkError(error: unknown, host: string): NetworkFailure {
  if (error instanceof ConnectError) return explainConnectError(error, host)
  if (error instanceof OutboundProxyError) return explainProxyError(error, host)
  if (error instanceof AnswerError) return invalidAnswer(error.fault)(host, '')
  const codes = codesOf(error)
  for (const code of codes) {
    const explain = explanations[code]
    if (explain) return explain(host, code)
  }
  const [code = ''] = codes
  return unanswered(() => `The connection to ${host} failed${code ? ` (${code})` : ''}`)(host, code)
}

function explainConnectError({ cause }: ConnectError, host: string): NetworkFailure {
  const failure = explainNetworkError(cause, host)
  const isLate = failure.nature === 'timeout' && !(cause instanceof OutboundProxyError)
  return isLate ? connectTimeout(host, '') : { ...failure, maybeSent: false }
}

const tunnelTimeout = (proxy: string) =>
  noConnection(
    host =>
      `The outbound proxy ${proxy} did not connect to ${host} in time (half of upstream.connectTimeout): check that both can be reached`,
  )

function explainProxyError({ proxy, status, cause }: OutboundProxyError, host: string): NetworkFailure {
  if (status === null) {
    const failure = explainNetworkError(cause, proxy)
    if (failure.nature === 'timeout') return tunnelTimeout(proxy)(host, '')
    return { ...failure, maybeSent: false, detail: `The outbound proxy: ${failure.detail}` }
  }
  const why = UNAUTHENTICATED.includes(status)
    ? `wants a user and password, or other ones: write user:password@${proxy} in the URL of upstream.proxy or HTTPS_PROXY`
    : `does not connect to ${host} (${status}): ask who runs it to allow that host`
  const nature = { nature: 'unreachable', maybeSent: false, lasting: LASTING.includes(status) } as const
  return { ...nature, detail: `The outbound proxy ${proxy} ${why}` }
}

/** The codes of an error and of all that it wraps; what undici's parser refuses has one code, unless a cure is known. */
function codesOf(error: unknown): string[] {
  return errorCodes(error).map(code => (code.startsWith('HPE_') && !(code in explanations) ? PARSER_ERROR : code))
}
