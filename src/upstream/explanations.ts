import { PARSER_ERROR } from '../kernel/error-codes.ts'

/** What went wrong on the way to a host, told so that a person knows where to look. */
export interface NetworkFailure {
  /** The host could not be reached, or broke off; a deadline passed; or what came is not HTTP as it should be. */
  readonly nature: 'unreachable' | 'timeout' | 'invalid'
  /** Whether the request may have reached the host before. */
  readonly maybeSent: boolean
  /** Whether the same will happen at the next try, until somebody changes something. */
  readonly lasting: boolean
  /** One sentence: what failed and the cure. */
  readonly detail: string
}

type Explanation = (host: string, code: string) => NetworkFailure

const explaining =
  (nature: Omit<NetworkFailure, 'detail'>) =>
  (detail: (host: string, code: string) => string): Explanation =>
  (host, code) => ({ ...nature, detail: detail(host, code) })

/** The request did not leave, and nobody said that it could not at the next try. */
const unreachable = explaining({ nature: 'unreachable', maybeSent: false, lasting: false })

/** The request did not leave, and will not until somebody changes something. */
const impossible = explaining({ nature: 'unreachable', maybeSent: false, lasting: true })

/** The request may have been taken, its answer did not come whole. */
export const unanswered = explaining({ nature: 'unreachable', maybeSent: true, lasting: false })

/** No connection in time, so the request did not leave. */
export const noConnection = explaining({ nature: 'timeout', maybeSent: false, lasting: false })

/** No answer in time: the request may have been taken. */
const noAnswer = explaining({ nature: 'timeout', maybeSent: true, lasting: false })

/** An answer came that cannot be used. */
const invalid = explaining({ nature: 'invalid', maybeSent: true, lasting: false })

const unknownName = impossible(
  host =>
    `The name ${host} cannot be resolved: check its spelling, the DNS server, or set upstream.proxy if names are resolved by an outbound proxy`,
)
const untrusted = impossible(
  host =>
    `The certificate of ${host} is not signed by a known authority: if a TLS-inspecting proxy is in the way, give its CA as upstream.caFile`,
)
const badCertificate = impossible(
  (host, code) => `The certificate of ${host} is not accepted (${code}): tell whoever runs that host`,
)
const notTls = impossible(
  (host, code) => `${host} does not speak TLS as expected (${code}): check the port, and whether http was meant`,
)
const noRoute = unreachable(host => `There is no network route to ${host}: check this machine's network`)
const noFiles = unreachable(
  (host, code) =>
    `No connection to ${host} could be opened: too many files and connections are open (${code}); raise the limit (ulimit -n, LimitNOFILE of systemd), or lower listen.maxConnections`,
)
const noPorts = unreachable(
  (host, code) =>
    `No connection to ${host} could be opened: this machine has no address or port left for it (${code}); lower listen.maxRequests, or widen the range of ports (Linux: net.ipv4.ip_local_port_range)`,
)
const noMemory = unreachable(
  (host, code) => `No connection to ${host} could be opened: this machine is short of memory for it (${code})`,
)
const forbidden = unreachable(
  (host, code) =>
    `This machine does not allow connections to ${host} (${code}): check its firewall and what else restricts this process`,
)
const noFamily = unreachable(
  (host, code) => `This machine cannot speak to the addresses of ${host} (${code}): is IPv6 or IPv4 switched off?`,
)
const brokenOff = unanswered(host => `${host} closed the connection before it answered`)

/** No connection to the upstream in time. */
export const connectTimeout = noConnection(
  host =>
    `${host} did not accept a connection in time (upstream.connectTimeout): check the network, a firewall, or whether an outbound proxy is needed`,
)

/** An answer that is no HTTP, by what is wrong with it. */
export const invalidAnswer = (fault: string) => invalid(host => `The answer of ${host} is not valid HTTP: ${fault}`)

const tooLarge = invalid(host => `The headers of the answer of ${host} are larger than this proxy takes`)

/** By the error codes of Node.js (node:dns, node:net, node:tls) and undici. */
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
  // what Windows says for it
  ECONNABORTED: brokenOff,
  UND_ERR_SOCKET: brokenOff,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: brokenOff,
  UND_ERR_CONNECT_TIMEOUT: connectTimeout,
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
  CERT_UNTRUSTED: untrusted,
  CERT_CHAIN_TOO_LONG: badCertificate,
  CERT_REJECTED: badCertificate,
  CERT_REVOKED: badCertificate,
  CERT_SIGNATURE_FAILURE: badCertificate,
  INVALID_CA: badCertificate,
  INVALID_PURPOSE: badCertificate,
  PATH_LENGTH_EXCEEDED: badCertificate,
  CERT_HAS_EXPIRED: impossible(
    host => `The certificate of ${host} has expired: check this machine's clock, then tell whoever runs that host`,
  ),
  CERT_NOT_YET_VALID: impossible(host => `The certificate of ${host} is not valid yet: check this machine's clock`),
  ERR_TLS_CERT_ALTNAME_INVALID: impossible(
    host =>
      `The certificate shown for ${host} belongs to another name: check the url, and whether something answers in that host's place`,
  ),
  NOT_SOCKS: impossible(host => `${host} does not speak SOCKS 5: check its scheme and port`),
  EPROTO: notTls,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: notTls,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: notTls,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: notTls,
  UND_ERR_HEADERS_OVERFLOW: tooLarge,
  HPE_HEADER_OVERFLOW: tooLarge,
  [PARSER_ERROR]: invalid(
    host => `The answer of ${host} is not valid HTTP: check the port, and whether https was meant`,
  ),
}
