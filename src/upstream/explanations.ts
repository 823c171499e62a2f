import { PARSER_ERROR } from '../kernel/error-codes.ts'

/** Why a request to a host failed, in terms that clients, logs and retries need. */
export interface NetworkFailure {
  /**
   * `unreachable`: the host could not be reached or broke off. `timeout`: a timeout passed. `invalid`: no valid HTTP.
   */
  readonly nature: 'unreachable' | 'timeout' | 'invalid'
  /** Whether the host may have received the request, or processed it if it tells. */
  readonly maybeSent: boolean
  /** Whether the next attempt will fail the same way until somebody changes something. */
  readonly lasting: boolean
  /** One sentence for a person: what failed, and what to do next. */
  readonly detail: string
}

type Explanation = (host: string, code: string) => NetworkFailure

const explaining =
  (nature: Omit<NetworkFailure, 'detail'>) =>
  (detail: (host: string, code: string) => string): Explanation =>
  (host, code) => ({ ...nature, detail: detail(host, code) })

/** Explains a failure in which nothing was sent, and after which the next attempt may succeed. */
const unreachable = explaining({ nature: 'unreachable', maybeSent: false, lasting: false })

/** Explains a failure in which nothing was sent, and that will recur until somebody changes something. */
const impossible = explaining({ nature: 'unreachable', maybeSent: false, lasting: true })

/** Explains a request that may have arrived, but got no complete response. */
export const noResponse = explaining({ nature: 'unreachable', maybeSent: true, lasting: false })

/** Explains a connection that was not made in time, so nothing was sent. */
export const noConnection = explaining({ nature: 'timeout', maybeSent: false, lasting: false })

/** Explains a request that may have arrived, but whose response did not come in time. */
const lateResponse = explaining({ nature: 'timeout', maybeSent: true, lasting: false })

/** Explains a response that arrived but cannot be used. */
const invalid = explaining({ nature: 'invalid', maybeSent: true, lasting: false })

/** Ends an explanation when the other side uses a protocol other than the one in the configured URL. */
export const CHECK_SCHEME = 'check the port and the scheme (http or https)'

const REPORT = 'report it to the operator of that host'
const CHECK_NETWORK = 'check the network and firewalls, and whether an outbound proxy is needed'

const unknownName = impossible(
  host =>
    `The name ${host} cannot be resolved: check its spelling and the DNS server, or set upstream.proxy if an outbound proxy resolves names`,
)
const untrusted = impossible(
  host =>
    `The certificate of ${host} is not signed by a known authority: if a TLS-inspecting proxy is in between, set upstream.caFile to its CA`,
)
const badCertificate = impossible((host, code) => `The certificate of ${host} is not acceptable (${code}): ${REPORT}`)
const notTls = impossible((host, code) => `The TLS handshake with ${host} failed (${code}): ${CHECK_SCHEME}`)
const noRoute = unreachable(host => `There is no network route to ${host}: check this machine's network`)
const noFiles = unreachable(
  (host, code) =>
    `Cannot open a connection to ${host}: too many open files (${code}); raise the limit (ulimit -n, LimitNOFILE in systemd) or lower listen.maxConnections`,
)
const noPorts = unreachable(
  (host, code) =>
    `Cannot open a connection to ${host}: no local address or port is free (${code}); lower listen.maxRequests or widen the range of local ports (Linux: net.ipv4.ip_local_port_range)`,
)
const noMemory = unreachable(
  (host, code) => `Cannot open a connection to ${host}: this machine is out of memory (${code})`,
)
const forbidden = unreachable(
  (host, code) =>
    `This machine does not allow connections to ${host} (${code}): check its firewall and any sandbox of this process`,
)
const noFamily = unreachable(
  (host, code) => `This machine cannot use the addresses of ${host} (${code}): check whether IPv4 or IPv6 is disabled`,
)
const brokenOff = noResponse(host => `${host} closed the connection before sending a complete response`)

/** Explains a connection that the host did not accept within `upstream.connectTimeout`. */
export const connectTimeout = noConnection(
  host => `Connecting to ${host} timed out (upstream.connectTimeout): ${CHECK_NETWORK}`,
)

/** Explains a request that the host certainly did not process, although it may have arrived. */
export const unprocessed = unreachable(
  host => `${host} did not process the request, because it refused it or was closing the connection`,
)

/** Explains a response that is not valid HTTP. `fault` says what is wrong with it. */
export const invalidResponse = (fault: string) =>
  invalid(host => `The response from ${host} is not valid HTTP: ${fault}`)

const tooLarge = invalid(host => `The response headers from ${host} are larger than this proxy accepts`)

/** Explains errors by their `code`, from Node.js (node:dns, node:net, node:tls) and undici. */
export const explanations: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: unknownName,
  EAI_AGAIN: unknownName,
  EAI_FAIL: unknownName,
  EAI_NODATA: unknownName,
  EAI_NONAME: unknownName,
  EAI_ADDRFAMILY: unknownName,
  ENODATA: unknownName,
  ESERVFAIL: unknownName,
  EAI_MEMORY: noMemory,
  ECONNREFUSED: impossible(
    host =>
      `${host} refuses connections: check the host and port, and whether an outbound proxy (upstream.proxy, HTTPS_PROXY) is needed`,
  ),
  ENETUNREACH: noRoute,
  EHOSTUNREACH: noRoute,
  ENETDOWN: noRoute,
  EHOSTDOWN: noRoute,
  ENONET: noRoute,
  EMFILE: noFiles,
  ENFILE: noFiles,
  EADDRNOTAVAIL: noPorts,
  EADDRINUSE: noPorts,
  EAGAIN: noPorts,
  ENOBUFS: noMemory,
  ENOMEM: noMemory,
  EACCES: forbidden,
  EPERM: forbidden,
  EAFNOSUPPORT: noFamily,
  EAI_FAMILY: noFamily,
  EPROTONOSUPPORT: noFamily,
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  // Windows' code for a reset
  ECONNABORTED: brokenOff,
  UND_ERR_SOCKET: brokenOff,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: brokenOff,
  STREAM_RESET: noResponse(host => `${host} broke off its response (reset of an HTTP/2 stream)`),
  ERR_HTTP2_SESSION_ERROR: noResponse(
    host => `${host} ended the connection with an error before sending a complete response`,
  ),
  ERR_HTTP2_ERROR: invalidResponse('it breaks the rules of HTTP/2'),
  UND_ERR_CONNECT_TIMEOUT: connectTimeout,
  ETIMEDOUT: lateResponse(host => `The connection to ${host} timed out: ${CHECK_NETWORK}`),
  DEADLINE: lateResponse(host => `${host} did not respond in time`),
  UND_ERR_HEADERS_TIMEOUT: lateResponse(
    host => `${host} accepted the request but did not respond in time (upstream.headersTimeout)`,
  ),
  UND_ERR_BODY_TIMEOUT: lateResponse(
    host => `${host} stopped sending in the middle of the response (upstream.bodyTimeout)`,
  ),
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_CHAIN_TOO_LONG: badCertificate,
  CERT_REJECTED: badCertificate,
  CERT_REVOKED: badCertificate,
  CERT_SIGNATURE_FAILURE: badCertificate,
  INVALID_CA: badCertificate,
  INVALID_PURPOSE: badCertificate,
  PATH_LENGTH_EXCEEDED: badCertificate,
  CERT_HAS_EXPIRED: impossible(
    host => `The certificate of ${host} has expired: check this machine's clock, then ${REPORT}`,
  ),
  CERT_NOT_YET_VALID: impossible(host => `The certificate of ${host} is not valid yet: check this machine's clock`),
  ERR_TLS_CERT_ALTNAME_INVALID: impossible(
    host =>
      `The certificate of ${host} belongs to another name: check the URL, and whether something intercepts the connection`,
  ),
  NOT_SOCKS: impossible(host => `${host} does not speak SOCKS 5: check the scheme and port`),
  EPROTO: notTls,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: notTls,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: notTls,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: notTls,
  UND_ERR_HEADERS_OVERFLOW: tooLarge,
  HPE_HEADER_OVERFLOW: tooLarge,
  [PARSER_ERROR]: invalidResponse(CHECK_SCHEME),
}
