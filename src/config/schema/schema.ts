import {
  address,
  argv,
  cacheRules,
  choice,
  count,
  duration,
  file,
  hosts,
  label,
  mode,
  proxyUrl,
  rules,
  secret,
  size,
  text,
  toggle,
} from './fields.ts'
import type { Section, ValuesOf } from './section.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const policyKeys = {
  access: choice(['read-write', 'read-only'], 'read-write', 'What may be asked: anything, or what only reads.'),
  allow: rules('Rules of what alone may be asked, such as "GET,POST /v2/alert/**"; none means anything.'),
  deny: rules('Rules of what may not be asked, whatever is allowed.'),
}

/**
 * Every key but those of a tenant or client: the one place that types, defaults, checks, `--help`, the names in the environment,
 * the README's table and `config/schema.json` come from.
 */
export const settingsSchema = {
  listen: {
    address: address(
      '127.0.0.1:9080',
      'Where to listen: host:port, [::1]:port, localhost:port for both loopback addresses, or unix:/path for a socket (on Windows a named pipe).',
    ),
    tls: choice(
      ['off', 'auto'],
      'off',
      'Listen for https too, at listen.tlsAddress, with certificates of a local CA for localhost: see prismacloud-proxy ca.',
    ),
    tlsAddress: address(
      '127.0.0.1:9443',
      'Where to listen for https: host:port, [::1]:port, or localhost:port for both loopback addresses.',
    ),
    tlsCertFile: file(
      'PEM file with a certificate, and those that lead to its CA, to listen for https with in place of listen.tls. It is looked at every 5 seconds.',
    ),
    tlsKeyFile: file('PEM file with the key of that certificate.'),
    trustedHosts: hosts('Host names, beside localhost, that the Host header of a request may carry.'),
    clientTokenFile: file(
      'File with the token, of at least 16 characters, that clients must show. Required for an address that is not loopback, unless there are clients.',
    ),
    exposed: toggle(
      false,
      'Listen at an address that is not loopback though clients need no token: whoever reaches it acts with your keys.',
    ),
    socketMode: mode('600', 'Who may connect to a Unix socket, as for chmod: 660 is the owner and the group.'),
    maxRequests: count(10_000, 'How many requests are served at one time; more are told 503 at once.'),
    maxConnections: count(20_000, 'How many connections of clients are open at one time; more are told 503 at once.'),
    drainTimeout: duration('10s', 'How long running requests may take to finish at shutdown.'),
  },
  connect: {
    enabled: toggle(
      false,
      'Be an https proxy (HTTPS_PROXY) too, for tools that have the API hosts built in: CONNECT to those of the tenants is served here, with certificates of the local CA: see prismacloud-proxy ca.',
    ),
    others: choice(
      ['refuse', 'tunnel'],
      'refuse',
      'What becomes of CONNECT to other hosts: tunnel lets clients through, of which nothing is seen; never to this machine itself.',
    ),
  },
  defaultTenant: label('default', 'The tenant of a request that names none.'),
  errors: choice(
    ['problem', 'passthrough'],
    'problem',
    'How errors of the upstream reach a client: as problem documents (RFC 9457), or as they came.',
  ),
  assumeJson: toggle(
    true,
    "Send content-type application/json where a request's body has none, or begins as JSON does but is called a form or plain text, as clients do by default.",
  ),
  policy: {
    ...policyKeys,
    manageAccessKeys: toggle(
      false,
      "Let access keys be made, changed and deleted through the proxy, and users made, as service accounts come with a key (Terraform's user_profile).",
    ),
  },
  session: {
    waitTimeout: duration('15s', 'How long a request waits for a session before it is refused.'),
    callTimeout: duration('10s', 'Deadline of one call that logs in or extends a session.'),
    idleAfter: duration('30m', 'A session that no request has used for this long is not extended any more.'),
  },
  upstream: {
    caFile: file('PEM file with certificate authorities to trust in addition to those that Node.js brings.'),
    proxy: proxyUrl(
      'The outbound proxy, as host:port or a URL (http, https, socks5 or socks5h), in place of HTTPS_PROXY or ALL_PROXY of the environment. NO_PROXY is followed.',
    ),
    connectTimeout: duration('10s', 'How long connecting to the upstream may take, TLS included.'),
    headersTimeout: duration('2m', "How long the upstream may take until its answer's headers are there."),
    bodyTimeout: duration('2m', "How long the upstream may pause within an answer's body."),
  },
  replay: {
    maxBody: size('1MiB', 'Largest request body kept so that a request can be sent again with a renewed session.'),
    maxMemory: size(
      '64MiB',
      'How much memory the kept bodies of all requests take at most. What comes beyond is forwarded all the same, and not sent again.',
    ),
  },
  pacing: {
    enabled: toggle(true, "Hold requests back so that they stay within the upstream's rate limits."),
    maxWait: duration('30s', 'How long a request may be held back before it is refused.'),
    maxQueue: count(
      1000,
      'How many requests may be held back at one time. No client takes more places than it leaves to others.',
    ),
  },
  retry: {
    attempts: count(
      3,
      'How often a request is sent again that the upstream refuses for now (429, 503). All its waits together take no longer than pacing.maxWait.',
    ),
  },
  cache: {
    rules: cacheRules(
      'Paths whose good answers to GET are kept, each with for how long, such as "/v2/policy/** 60s". Identical requests at one time are sent once.',
    ),
    maxSize: size('64MiB', 'How much all kept answers take at most.'),
  },
  admin: {
    quit: toggle(
      false,
      'Let clients that may write end the proxy, as SIGTERM does, by POST /_proxy/quit: for jobs beside which it runs.',
    ),
  },
  audit: {
    file: file(
      'File that gets a line of JSON for each request that was to be forwarded, and for each CONNECT. SIGUSR1 and SIGUSR2 open it anew. /dev/stdout and /dev/stderr are known.',
    ),
    required: toggle(
      false,
      'Refuse requests that cannot be recorded in audit.file, with 503: each gets a line before it is forwarded, and one after.',
    ),
  },
  log: {
    level: choice(LEVELS, 'info', 'The least severe level that is logged.'),
    format: choice(['auto', 'pretty', 'json'], 'auto', 'Form of the log; auto is pretty on a terminal, else json.'),
    requests: choice(['all', 'errors', 'off'], 'errors', 'Which requests are logged.'),
  },
} satisfies Section

/** The keys of one tenant, found under `tenants.<name>`. */
export const tenantSchema = {
  url: text('Stack name, console URL, API URL, or another https base; http only for loopback.'),
  computeUrl: text(
    'Address of the Compute console, in place of the one that the API names: https://<region>.cloud.twistlock.com/<id>.',
  ),
  accessKeyId: secret('Access key id.'),
  accessKeyIdFile: file('File with the access key id.'),
  secretKey: secret('Secret key. Better kept in a file of its own.'),
  secretKeyFile: file('File with the secret key.'),
  credentialsFile: file("JSON file with access key id and secret key (and url), as Prisma Cloud's SDK writes it."),
  credentialCommand: argv(
    'Command and its arguments, run without shell, input or terminal for at most 10 seconds, that prints the access key id and the secret key: as JSON or on two lines.',
  ),
  credentialCommandCache: toggle(
    true,
    'Keep what credentialCommand printed until it is refused or SIGHUP comes; false runs the command for each login.',
  ),
  prismaId: text('Prisma id of the tenant to log in to, for a user of several tenants.'),
  customerName: text('Customer name of the tenant to log in to, for a user of several tenants; prismaId is preferred.'),
  lazy: toggle(false, 'Log in at the first request instead of at start.'),
  ...policyKeys,
} satisfies Section

/** The keys of one client, found under `clients.<name>`. */
export const clientSchema = {
  tokenFile: file('File with the token, of at least 16 characters, that tells this client from others.'),
  admin: toggle(false, 'Let this client see what others do: all of /_proxy/status and /_proxy/metrics.'),
  ...policyKeys,
} satisfies Section

/** What there may be several of, by the section that holds them. */
export const namedSchemas = { tenants: tenantSchema, clients: clientSchema }

/** The values of {@link settingsSchema}: durations in milliseconds, sizes in bytes. */
export type Settings = ValuesOf<typeof settingsSchema>

/** The values of {@link clientSchema}. */
export type ClientSettings = ValuesOf<typeof clientSchema>

/** The values of {@link tenantSchema}. */
export type TenantSettings = ValuesOf<typeof tenantSchema>
