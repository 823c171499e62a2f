// The catalogue of everything that can go wrong, as problem types (RFC 9457).
//
// To add a problem type:
// 1. Add an entry to `problemTypes` below. Its key is the name, which ends the `type` of the problem documents.
// 2. Throw it: `throw new Problem('the-name', 'What is wrong with this one request')` (problem.ts).
// 3. Describe it in the troubleshooting table of the README.
// Its page under /_proxy/problems/, metrics label and `x-redlock-status` follow. Names and statuses are a contract.

import { i18nHelp } from './i18n-keys.ts'

/** The meaning of a problem type, from which its page under `/_proxy/problems/` is made. */
export interface ProblemType {
  /** The status code of responses, unless a {@link Problem} has one of its own. */
  readonly status: number
  readonly title: string
  /** Whether an unchanged request may succeed later without anybody fixing anything. */
  readonly retryable: boolean
  /** The meaning, in one or two sentences. */
  readonly meaning: string
  /** The usual causes, each a sentence. */
  readonly causes: readonly string[]
  /** The steps that fix the problem, as sentences. */
  readonly cure: string
  /** The path of a proxy endpoint that shows whether the problem is fixed. */
  readonly check: `/_proxy/${string}`
  /** The keys of {@link i18nHelp} by which the API names this problem, explained on its page. Default: none. */
  readonly keys?: readonly string[]
}

/** Every problem type, by name. Pages list them in this order. */
export const problemTypes = {
  'invalid-request': {
    status: 400,
    title: 'Bad Request',
    retryable: false,
    meaning: 'The request is malformed or not supported, so the proxy did not forward it to Prisma Cloud.',
    causes: [
      'A path that leaves the API (`..`) or contains a backslash, an encoded control character or a fragment (`#`; write `%23` in a name).',
      'A request target longer than 64 KiB, such as a query with a long page token, or a path longer than 4,096 characters.',
      'A header that names a different method than the request (`X-HTTP-Method-Override`).',
      'A header that is malformed, too large, or repeated although it may occur only once.',
      'CONNECT while `connect.enabled` is false, or with a target other than `host:port`.',
    ],
    cure: 'Fix what the detail names. Use the proxy as the base URL and append the path from the API documentation.',
    check: '/_proxy/livez',
  },
  'client-unauthorized': {
    status: 401,
    title: 'Unauthorized',
    retryable: false,
    meaning: 'This proxy requires a client token, and the request carried none or an invalid one.',
    causes: ['The client does not send the token.', 'The token changed, but the client still sends the old one.'],
    cure: 'Send the token from the file that `listen.clientTokenFile` or `clients.<name>.tokenFile` names. It is not your Prisma Cloud access key.',
    check: '/_proxy/status',
  },
  'host-not-allowed': {
    status: 403,
    title: 'Forbidden',
    retryable: false,
    meaning:
      'The Host header names a host that the proxy does not serve; this check keeps web pages out (DNS rebinding). Or the client uses the proxy as its HTTP proxy, but for a host that the proxy does not connect to.',
    causes: [
      'The client reaches the proxy by a name other than localhost, such as a container or service name.',
      'HTTPS_PROXY names the proxy, and the client requests a host that is not the API of a tenant.',
    ],
    cure: 'Use localhost or 127.0.0.1, or add the name to `listen.trustedHosts`. With HTTPS_PROXY, exclude the host with NO_PROXY or set `connect.others: tunnel`.',
    check: '/_proxy/livez',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Forbidden',
    retryable: false,
    meaning:
      'The request came from a web page of another origin, or from a browser that does not identify the page. Web pages must not use your access key, so the proxy did not forward it.',
    causes: [
      'A script in a browser calls the proxy.',
      'A browser reaches the proxy over http by a name other than localhost.',
      'A tool adds an Origin header or other browser headers to its requests.',
    ],
    cure: 'Call the proxy from a program instead of a web page, and remove browser headers from its requests. In a browser, use localhost or https, or set `listen.clientTokenFile` or `clients`.',
    check: '/_proxy/livez',
  },
  'policy-denied': {
    status: 403,
    title: 'Forbidden',
    retryable: false,
    meaning: 'A policy of the proxy does not allow this method and path. Prisma Cloud never received the request.',
    causes: [
      'A rule of `policy`, of the tenant or of the client denies it; the detail names the rule.',
      'The request creates, changes or deletes access keys, or creates a user, which may be a service account with a key. Both are denied unless `policy.manageAccessKeys` is true.',
      'The request shuts down the proxy, which requires `admin.quit: true` and a client with write access.',
      "The request shows other clients' activity, which requires a client with `admin: true`.",
      'The request logs in or extends a session, but is not written as `POST /login` or `GET /auth_token/extend`, which the proxy answers itself.',
    ],
    cure: 'Change the rule that the detail names. Remove login calls: the proxy adds a session to every request.',
    check: '/_proxy/status',
  },
  'unknown-tenant': {
    status: 404,
    title: 'Not Found',
    retryable: false,
    meaning: 'The request names a tenant that is not configured. It is never forwarded to the default tenant instead.',
    causes: [
      'A typo in x-prismacloud-tenant, in the host name or in the /_tenant/ prefix.',
      'The tenant was added to the configuration file, but the proxy has not reloaded it.',
    ],
    cure: 'Use a name from `tenants` in the configuration. If you add one, send SIGHUP to the proxy or restart it.',
    check: '/_proxy/status',
  },
  'rate-limited': {
    status: 429,
    title: 'Too Many Requests',
    retryable: true,
    meaning: 'The request would exceed a rate limit of the Prisma Cloud API, so the proxy did not forward it.',
    causes: [
      'Many requests to one endpoint in a short time.',
      'Other programs use the same access key: the API counts requests per user, across all machines.',
      'The API asked for a longer wait than `pacing.maxWait` allows.',
    ],
    cure: 'Wait for the number of seconds in Retry-After, then retry. Send fewer requests at once, or give each job its own user.',
    check: '/_proxy/status',
    keys: ['rate_limit_exceeded', 'too_many_requests'],
  },
  'credentials-rejected': {
    status: 502,
    title: 'Bad Gateway',
    retryable: false,
    meaning: 'Prisma Cloud rejected the access key of this tenant, so there is no session for the request.',
    causes: [
      'The access key expired, or was disabled, deleted or rotated.',
      'The access key belongs to a different stack than the configured `url`.',
      'A user name and password are configured instead of an access key, but the tenant requires single sign-on.',
    ],
    cure: 'Run `prismacloud-proxy check`, then correct the access key or the stack. The proxy picks up a changed key file automatically; after any other change, send it SIGHUP or restart it.',
    check: '/_proxy/readyz',
    keys: ['invalid_credentials', 'sso_enabled_password_login_attempt'],
  },
  'upstream-unreachable': {
    status: 502,
    title: 'Bad Gateway',
    retryable: true,
    meaning:
      'The proxy could not connect to the Prisma Cloud API, or lost the connection. It is not known whether the API acted on the request.',
    causes: [
      'DNS, a firewall or a VPN: the API host cannot be resolved or reached.',
      'An outbound proxy is required (HTTPS_PROXY) but not configured, or it refuses the connection.',
      'A TLS inspection device presents a certificate that Node.js does not trust (NODE_EXTRA_CA_CERTS).',
    ],
    cure: 'Run `prismacloud-proxy check`: it tests DNS, TLS, the outbound proxy and the login one by one.',
    check: '/_proxy/readyz',
  },
  'upstream-invalid': {
    status: 502,
    title: 'Bad Gateway',
    retryable: true,
    meaning: 'The upstream sent a response that is not valid HTTP, or not what the API specifies.',
    causes: [
      'A gateway or outbound proxy responds in place of the API.',
      'The configured `url` is not that of a Prisma Cloud API.',
    ],
    cure: 'Compare `url` with the output of `prismacloud-proxy stacks`, then run `prismacloud-proxy check`.',
    check: '/_proxy/readyz',
  },
  'session-unavailable': {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning:
      'There is no live session at the moment, and the proxy is trying to get one. It never sends a token that is known to be dead.',
    causes: [
      'The login service is slow or down.',
      'Logins are rate limited.',
      'The machine has just woken from sleep.',
    ],
    cure: 'Wait for the number of seconds in Retry-After, then retry. If the problem persists, the status page shows the last error.',
    check: '/_proxy/readyz',
  },
  overloaded: {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning:
      'The proxy already holds as many requests as it accepts, so it rejected this one immediately, without forwarding it.',
    causes: ['A client sends requests much faster than the API responds.', 'The API is slower than usual.'],
    cure: 'Wait for the number of seconds in Retry-After, then retry with fewer requests at once.',
    check: '/_proxy/metrics',
  },
  'audit-unavailable': {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning:
      'The proxy cannot write its audit log, and with `audit.required: true` it forwards nothing that is not recorded.',
    causes: ['The disk is full.', 'The audit file or its directory is missing or damaged.'],
    cure: "Free disk space, or fix the error that the proxy's log names. The next request is served as soon as it can be recorded.",
    check: '/_proxy/metrics',
  },
  draining: {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning: 'The proxy is shutting down: it finishes running requests and accepts no new ones.',
    causes: ['The proxy was stopped, or is being restarted or upgraded.'],
    cure: 'Retry when the proxy is running again.',
    check: '/_proxy/livez',
  },
  'upstream-timeout': {
    status: 504,
    title: 'Gateway Timeout',
    retryable: true,
    meaning: 'The Prisma Cloud API did not respond in time. It may still have acted on the request.',
    causes: ['A query over too much data or too long a time range.', 'The API or the network is slow.'],
    cure: 'Request less data at once. Before you repeat a change, check whether the first attempt took effect.',
    check: '/_proxy/readyz',
  },
  'internal-error': {
    status: 500,
    title: 'Internal Server Error',
    retryable: false,
    meaning: 'The proxy itself failed. The cause is a bug in the proxy, not the request or Prisma Cloud.',
    causes: ['A situation that the proxy does not handle.'],
    cure: "Find the request id in the proxy's log and report the error that is logged there.",
    check: '/_proxy/status',
  },
  'upstream-error': {
    status: 502,
    title: 'Upstream Error',
    retryable: false,
    meaning: "Prisma Cloud received the request and responded with an error. The status code is Prisma Cloud's own.",
    causes: [
      'A parameter or body that the endpoint does not accept (400).',
      'A permission that the role of the access key lacks (401, 403).',
      'A resource that does not exist, or not in this tenant (404).',
      'A path or method that the API does not have (404, 405); `didYouMean` lists what was probably meant.',
      'A rate limit (429), or a failure inside Prisma Cloud (5xx).',
    ],
    cure: 'Read the detail and `upstream.errors`. Quote `upstream.requestId` when you contact Prisma Cloud support.',
    check: '/_proxy/status',
    keys: [...i18nHelp.keys()],
  },
} as const satisfies Record<string, ProblemType>

/** The name of a problem type, such as `rate-limited`. */
export type ProblemName = keyof typeof problemTypes

/** Whether a string is the name of a problem type. */
export function isProblemName(name: string): name is ProblemName {
  return Object.hasOwn(problemTypes, name)
}
