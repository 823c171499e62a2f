import { AnswerError } from './answer-error.ts'

/** What went wrong on the way to a host, told so that a person knows where to look. */
export interface NetworkFailure {
  /** The host could not be reached, or broke off; a deadline passed; or what came is not HTTP as it should be. */
  readonly nature: 'unreachable' | 'timeout' | 'invalid'
  /** Whether the request may have reached the host before. */
  readonly maybeSent: boolean
  /** One sentence: what failed and the cure. */
  readonly detail: string
}

type Explanation = (host: string) => NetworkFailure

const explaining =
  (nature: Omit<NetworkFailure, 'detail'>) =>
  (detail: (host: string) => string): Explanation =>
  host => ({ ...nature, detail: detail(host) })

/** The request did not leave. */
const unreachable = explaining({ nature: 'unreachable', maybeSent: false })

/** The request may have been taken, its answer did not come whole. */
const unanswered = explaining({ nature: 'unreachable', maybeSent: true })

/** The same, because a deadline passed. */
const noConnection = explaining({ nature: 'timeout', maybeSent: false })
const noAnswer = explaining({ nature: 'timeout', maybeSent: true })

/** An answer came that cannot be used. */
const invalid = explaining({ nature: 'invalid', maybeSent: true })

const unknownName = unreachable(
  host =>
    `The name ${host} cannot be resolved: check its spelling, the DNS server, or set upstream.proxy if names are resolved by an outbound proxy`,
)
const untrusted = unreachable(
  host =>
    `The certificate of ${host} is not signed by a known authority: if a TLS-inspecting proxy is in the way, give its CA as upstream.caFile`,
)
const noRoute = unreachable(host => `There is no network route to ${host}: check this machine's network`)
const brokenOff = unanswered(host => `${host} closed the connection before it answered`)

const invalidAnswer = ({ fault }: AnswerError) => invalid(host => `The answer of ${host} is not valid HTTP: ${fault}`)

const tooLarge = invalid(host => `The headers of the answer of ${host} are larger than this proxy takes`)

/** With 407 (RFC 9110, 15.5.8) a proxy asks for a user and password; some refuse wrong ones with 401. */
const UNAUTHENTICATED = [401, 407]

/** undici (7.30) means to give this error a code `HPE_…`, as Node.js does, and gives it none, so its name stands for all. */
const PARSER_ERROR = 'HTTPParserError'

/** By the error codes of Node.js (node:dns, node:net, node:tls) and undici. */
const explanations: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  EAI_FAIL: unknownName,
  ECONNREFUSED: unreachable(
    host =>
      `${host} refuses connections: check the host and port, and whether an outbound proxy (upstream.proxy, HTTPS_PROXY) is needed`,
  ),
  ENETUNREACH: noRoute,
  EHOSTUNREACH: noRoute,
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  // what Windows says for it
  ECONNABORTED: brokenOff,
  UND_ERR_SOCKET: brokenOff,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: brokenOff,
  UND_ERR_CONNECT_TIMEOUT: noConnection(
    host =>
      `${host} did not accept a connection in time (upstream.connectTimeout): check the network, a firewall, or whether an outbound proxy is needed`,
  ),
  ETIMEDOUT: noAnswer(
    host =>
      `${host} did not accept a connection in time: check the network, a firewall, or whether an outbound proxy is needed`,
  ),
  DEADLINE: noAnswer(host => `${host} did not answer in time`),
  UND_ERR_HEADERS_TIMEOUT: noAnswer(
    host => `${host} took the request but did not answer in time (upstream.headersTimeout)`,
  ),
  UND_ERR_BODY_TIMEOUT: noAnswer(host => `${host} stopped sending in the middle of its answer (upstream.bodyTimeout)`),
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: unreachable(
    host => `The certificate of ${host} has expired: check this machine's clock, then tell whoever runs that host`,
  ),
  CERT_NOT_YET_VALID: unreachable(host => `The certificate of ${host} is not valid yet: check this machine's clock`),
  ERR_TLS_CERT_ALTNAME_INVALID: unreachable(
    host =>
      `The certificate shown for ${host} belongs to another name: check the url, and whether something answers in that host's place`,
  ),
  NOT_SOCKS: unreachable(host => `${host} does not speak SOCKS 5: check its scheme and port`),
  EPROTO: unreachable(host => `${host} does not speak TLS as expected: check the port, and whether http was meant`),
  UND_ERR_HEADERS_OVERFLOW: tooLarge,
  HPE_HEADER_OVERFLOW: tooLarge,
  [PARSER_ERROR]: invalid(
    host => `The answer of ${host} is not valid HTTP: check the port, and whether https was meant`,
  ),
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
  if (error instanceof OutboundProxyError) return explainProxyError(error, host)
  if (error instanceof AnswerError) return invalidAnswer(error)(host)
  const codes = errorCodes(error)
  for (const code of codes) {
    const explain = explanations[code]
    if (explain) return explain(host)
  }
  const [code] = codes
  const detail = `The connection to ${host} failed${code ? ` (${code})` : ''}`
  return { nature: 'unreachable', maybeSent: true, detail }
}

const tunnelTimeout = (proxy: string) =>
  noConnection(
    host =>
      `The outbound proxy ${proxy} did not connect to ${host} in time (half of upstream.connectTimeout): check that both can be reached`,
  )

function explainProxyError({ proxy, status, cause }: OutboundProxyError, host: string): NetworkFailure {
  if (status === null) {
    const failure = explainNetworkError(cause, proxy)
    if (failure.nature === 'timeout') return tunnelTimeout(proxy)(host)
    return { ...failure, maybeSent: false, detail: `The outbound proxy: ${failure.detail}` }
  }
  const why = UNAUTHENTICATED.includes(status)
    ? `wants a user and password, or other ones: write user:password@${proxy} in the URL of upstream.proxy or HTTPS_PROXY`
    : `does not connect to ${host} (${status}): ask who runs it to allow that host`
  return unreachable(() => `The outbound proxy ${proxy} ${why}`)(host)
}

/** The codes of an error and of all that it wraps (`cause`, `AggregateError.errors`), outermost first. */
export function errorCodes(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : []
  return [...ownCode(error), ...[error.cause, ...inner].flatMap(errorCodes)]
}

function ownCode(error: Error): string[] {
  if (error.name === PARSER_ERROR) return [PARSER_ERROR]
  if (!('code' in error && typeof error.code === 'string')) return []
  const { code } = error
  return [code.startsWith('HPE_') && !(code in explanations) ? PARSER_ERROR : code]
}
