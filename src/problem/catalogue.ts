/** What a problem type means; the pages under `/_proxy/problems/` are made of it. */
export interface ProblemType {
  /** Its status code, unless the upstream's own is kept. */
  readonly status: number
  readonly title: string
  /** Whether the same request may succeed later without anybody's doing. */
  readonly retryable: boolean
  /** What it means, in one or two sentences. */
  readonly meaning: string
  /** What usually lies behind it. */
  readonly causes: readonly string[]
  /** What to do about it. */
  readonly cure: string
  /** A path of the proxy's own whose answer helps to see whether it is cured. */
  readonly check: `/_proxy/${string}`
}

/** Every failure that the proxy reports, by the name that ends its `type`. */
export const problemTypes = {
  'invalid-request': {
    status: 400,
    title: 'Bad Request',
    retryable: false,
    meaning: 'The proxy could not make sense of the request, so it sent nothing to Prisma Cloud.',
    causes: [
      'A path that climbs out of the API (`..`), or holds a backslash, an encoded control character or a fragment (`#`): in a name it is `%23`.',
      'A header that names another method than the request (`X-HTTP-Method-Override`).',
      'A header that is malformed, too large, or sent twice where only one makes sense.',
      'CONNECT where `connect.enabled` is off, or for what is no host and port.',
    ],
    cure: 'Put right what the detail names. Use the proxy as base URL and append the path from the API documentation.',
    check: '/_proxy/livez',
  },
  'client-unauthorized': {
    status: 401,
    title: 'Unauthorized',
    retryable: false,
    meaning: 'This proxy serves only clients that show its client token, and this request showed none or a wrong one.',
    causes: ['The client does not send the token.', 'The token was changed and the client still has the old one.'],
    cure: 'Send the token that the file named by `listen.clientTokenFile` holds. It is not your Prisma Cloud access key.',
    check: '/_proxy/status',
  },
  'host-not-allowed': {
    status: 403,
    title: 'Forbidden',
    retryable: false,
    meaning:
      'The Host header names a host that the proxy does not answer to, which keeps web pages out (DNS rebinding); or a client that takes it for its own proxy asks for a host that it does not lead to.',
    causes: [
      'The proxy is reached by a name other than localhost, such as a container or service name.',
      'HTTPS_PROXY names the proxy, and the client asks for a host that is no API of a tenant.',
    ],
    cure: 'Use localhost or 127.0.0.1, or add the name to `listen.trustedHosts` in the configuration. For HTTPS_PROXY, exempt the host by NO_PROXY, or set `connect.others` to tunnel.',
    check: '/_proxy/livez',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'Forbidden',
    retryable: false,
    meaning:
      'A web page of another origin sent the request, or a browser that does not say which page did. No page may use your access key, so it was not forwarded.',
    causes: [
      'Script in a browser calls the proxy.',
      'A browser reaches the proxy over http by a name other than localhost.',
      'A tool adds an Origin header to its requests, or those of a browser.',
    ],
    cure: 'Call the proxy from a program instead of a web page, and stop it from sending headers of a browser. In a browser use localhost or https, or set `listen.clientTokenFile` or `clients`.',
    check: '/_proxy/livez',
  },
  'policy-denied': {
    status: 403,
    title: 'Forbidden',
    retryable: false,
    meaning: "The proxy's own policy does not let this method and path through. Prisma Cloud never saw the request.",
    causes: [
      'A rule of `policy`, of the tenant or of the client denies it; the detail names it.',
      'The request makes, changes or deletes access keys, or makes a user, who may be a service account with a key: that is denied unless `policy.manageAccessKeys` is true.',
      'The request would end the proxy, which takes `admin.quit`, and a client that may write.',
      'The request asks what other clients do, which takes a client with `admin: true`.',
      'A call that logs in or extends a session in another spelling than `POST /login` and `GET /auth_token/extend`, which the proxy answers itself.',
    ],
    cure: 'Change the rule that the detail names. Leave out calls that log in: every request has a session already.',
    check: '/_proxy/status',
  },
  'unknown-tenant': {
    status: 404,
    title: 'Not Found',
    retryable: false,
    meaning: 'The request names a tenant that is not configured. It is never sent to the default tenant instead.',
    causes: [
      'A typing error in x-prismacloud-tenant, in the host name or in the /_tenant/ prefix.',
      'The tenant was added to the file, but the configuration has not been read again.',
    ],
    cure: 'Use a name listed under `tenants` in the configuration, or add it there and send the proxy SIGHUP, or restart it.',
    check: '/_proxy/status',
  },
  'rate-limited': {
    status: 429,
    title: 'Too Many Requests',
    retryable: true,
    meaning: 'The request was held back because it would have passed a rate limit of the Prisma Cloud API.',
    causes: [
      'Many requests to one endpoint in a short time.',
      'Other programs use the same access key: limits count per user, over all machines.',
      'The API asked to be left alone for longer than requests may wait (`pacing.maxWait`).',
    ],
    cure: 'Wait for the seconds in Retry-After and try again. Send fewer requests at once, or give each job its own user.',
    check: '/_proxy/status',
  },
  'credentials-rejected': {
    status: 502,
    title: 'Bad Gateway',
    retryable: false,
    meaning: 'Prisma Cloud refused the access key of this tenant, so there is no session to send the request with.',
    causes: [
      'The access key expired, was disabled, deleted or rotated.',
      'The key belongs to another stack than the configured `url`.',
      'A user name and password were given instead of an access key, while the tenant uses single sign-on.',
    ],
    cure: 'Run `prismacloud-proxy check`; then correct the key or the stack. A key in a file is taken up by itself; for the rest send the proxy SIGHUP or restart it.',
    check: '/_proxy/readyz',
  },
  'upstream-unreachable': {
    status: 502,
    title: 'Bad Gateway',
    retryable: true,
    meaning:
      'No connection to the Prisma Cloud API could be made or kept. It is not known to have acted on the request.',
    causes: [
      'DNS, firewall or VPN: the API host cannot be found or reached.',
      'An outbound proxy is needed (HTTPS_PROXY) and not set, or refuses.',
      'A TLS inspector whose certificate Node does not trust (NODE_EXTRA_CA_CERTS).',
    ],
    cure: 'Run `prismacloud-proxy check`: it tries DNS, TLS, the outbound proxy and the login, one by one.',
    check: '/_proxy/readyz',
  },
  'upstream-invalid': {
    status: 502,
    title: 'Bad Gateway',
    retryable: true,
    meaning: 'The upstream answered, but not with valid HTTP or not with what the API promises.',
    causes: [
      'A gateway or outbound proxy on the way answers in its place.',
      'The `url` is not that of a Prisma Cloud API.',
    ],
    cure: 'Compare the `url` with `prismacloud-proxy stacks`, then run `prismacloud-proxy check`.',
    check: '/_proxy/readyz',
  },
  'session-unavailable': {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning: 'There is no live session at the moment and the proxy is trying to get one. It never sends a dead token.',
    causes: [
      'The login service is down or slow.',
      'The login is rate limited.',
      'The machine has just woken from sleep.',
    ],
    cure: 'Wait for the seconds in Retry-After and try again. If it lasts, the status page shows the last error.',
    check: '/_proxy/readyz',
  },
  overloaded: {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning: 'More requests wait in the proxy than it will hold, so this one was refused at once, before it was sent.',
    causes: ['A client sends much faster than the API answers.', 'The API is slower than usual.'],
    cure: 'Wait for the seconds in Retry-After, try again, and let fewer requests run at the same time.',
    check: '/_proxy/metrics',
  },
  'audit-unavailable': {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning:
      'The audit cannot be written at the moment, and `audit.required` lets nothing be forwarded without a record.',
    causes: ['The disk is full.', 'The file of the audit, or its folder, is gone or broken.'],
    cure: "Make room, or put right what the proxy's log names. The next request is served as soon as it can be recorded.",
    check: '/_proxy/metrics',
  },
  draining: {
    status: 503,
    title: 'Service Unavailable',
    retryable: true,
    meaning: 'The proxy is shutting down: it finishes what runs and takes nothing new.',
    causes: ['It was stopped or is being restarted or upgraded.'],
    cure: 'Try again once the proxy is back.',
    check: '/_proxy/livez',
  },
  'upstream-timeout': {
    status: 504,
    title: 'Gateway Timeout',
    retryable: true,
    meaning: 'The Prisma Cloud API did not answer in time. It may still have acted on the request.',
    causes: ['A query over too much data or too long a time range.', 'The API or the way to it is slow.'],
    cure: 'Ask for less at once. Before sending a change again, look whether the first one took effect.',
    check: '/_proxy/readyz',
  },
  'internal-error': {
    status: 500,
    title: 'Internal Server Error',
    retryable: false,
    meaning: 'The proxy itself failed. This is a fault of the proxy, not of the request or of Prisma Cloud.',
    causes: ['A case that the proxy does not handle.'],
    cure: "Look up the request id in the proxy's log and report what stands there.",
    check: '/_proxy/status',
  },
  'upstream-error': {
    status: 502,
    title: 'Upstream Error',
    retryable: false,
    meaning: "Prisma Cloud received the request and answered with an error. The status code is Prisma Cloud's own.",
    causes: [
      'A parameter or body that the endpoint does not accept (400).',
      'The role of the access key lacks a permission (401, 403).',
      'Something that does not exist, or not in this tenant (404).',
      'A rate limit (429), or trouble at Prisma Cloud (5xx).',
    ],
    cure: 'Read the detail and `upstream.errors`. Quote `upstream.requestId` when you ask Prisma Cloud support.',
    check: '/_proxy/status',
  },
} as const satisfies Record<string, ProblemType>

/** The name of a problem type. */
export type ProblemName = keyof typeof problemTypes

/** Whether a problem type has this name. */
export function isProblemName(name: string): name is ProblemName {
  return Object.hasOwn(problemTypes, name)
}
