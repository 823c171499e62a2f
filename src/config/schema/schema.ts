import {
  address,
  argv,
  cacheRules,
  choice,
  count,
  duration,
  file,
  furtherAddress,
  hosts,
  label,
  mode,
  proxyUrl,
  redisUrl,
  secret,
  size,
  text,
  toggle,
} from './fields.ts'
import { policyKeys } from './policy-keys.ts'
import type { Section, ValuesOf } from './section.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/**
 * Every key outside tenants and clients. Types, defaults, checks, `--help`, the names of environment variables, the
 * table in the documentation and `config/schema.json` all derive from this file.
 */
export const settingsSchema = {
  listen: {
    address: address(
      '127.0.0.1:9080',
      'Address to listen on: host:port, [::1]:port, localhost:port for both loopback addresses, or unix:/path for a socket (on Windows a named pipe).',
    ),
    tls: choice(
      ['off', 'auto'],
      'off',
      'Also listen for https on listen.tlsAddress, with certificates for localhost from a local CA; see prismacloud-proxy ca.',
    ),
    tlsAddress: address(
      '127.0.0.1:9443',
      'Address to listen on for https: host:port, [::1]:port, or localhost:port for both loopback addresses.',
    ),
    tlsCertFile: file(
      'PEM file with a certificate and its chain for https, instead of listen.tls. Checked for changes every 5 seconds.',
    ),
    tlsKeyFile: file('PEM file with the private key of listen.tlsCertFile.'),
    trustedHosts: hosts('Host names, in addition to localhost, that are accepted in the Host header of a request.'),
    clientTokenFile: file(
      'File with the token, at least 16 characters, that clients must send. Required to listen on an address that is not loopback, unless clients are configured.',
    ),
    exposed: toggle(
      false,
      'Listen on an address that is not loopback although clients need no token: anyone who can reach it acts with your access keys.',
    ),
    socketMode: mode('600', 'Permissions of a Unix socket, as for chmod: with 660, its owner and group can connect.'),
    maxRequests: count(10_000, 'Maximum number of concurrent requests. Further requests get 503 at once.'),
    maxConnections: count(20_000, 'Maximum number of open client connections. Further connections get 503 at once.'),
    drainTimeout: duration('10s', 'How long running requests may take to finish at shutdown.'),
  },
  connect: {
    enabled: toggle(
      false,
      'Also act as an https proxy (HTTPS_PROXY), for tools with built-in API hosts: CONNECT to the hosts of the tenants ends here, with certificates from the local CA; see prismacloud-proxy ca.',
    ),
    others: choice(
      ['refuse', 'tunnel'],
      'refuse',
      'CONNECT to other hosts: refuse it, or tunnel it without access to the traffic. CONNECT to this machine is always refused.',
    ),
  },
  defaultTenant: label('tenant', 'default', 'Tenant for requests that name none.'),
  errors: choice(
    ['problem', 'passthrough'],
    'problem',
    'How upstream errors are returned to clients: as problem documents (RFC 9457), or unchanged.',
  ),
  assumeJson: toggle(
    true,
    'Send content-type application/json for a request body without a type, or for JSON that is labelled as a form or plain text, which is the default of many clients.',
  ),
  policy: {
    ...policyKeys,
    manageAccessKeys: toggle(
      false,
      "Let clients create, change and delete access keys. Includes the creation of users, because a service account comes with a key (Terraform's user_profile).",
    ),
  },
  session: {
    waitTimeout: duration('15s', 'How long a request waits for a session before it is refused.'),
    callTimeout: duration('10s', 'Timeout of a call that logs in or extends a session.'),
    idleAfter: duration('30m', 'A session is no longer extended once no request has used it for this long.'),
  },
  upstream: {
    caFile: file('PEM file with CA certificates to trust in addition to those of Node.js.'),
    proxy: proxyUrl(
      'Outbound proxy, as host:port or a URL (http, https, socks5 or socks5h). Overrides HTTPS_PROXY and ALL_PROXY. NO_PROXY applies.',
    ),
    connectTimeout: duration('10s', 'How long it may take to connect to the upstream, including TLS.'),
    headersTimeout: duration('2m', 'How long the upstream may take to send the headers of a response.'),
    bodyTimeout: duration('2m', 'How long the upstream may pause within the body of a response.'),
    http2: choice(
      ['auto', 'off'],
      'auto',
      'Use HTTP/2, where the upstream offers it, for requests that would otherwise wait for a new connection.',
    ),
  },
  replay: {
    maxBody: size(
      '1MiB',
      'Largest request body that is kept in memory, so that the request can be retried with a renewed session.',
    ),
    maxMemory: size(
      '64MiB',
      'Maximum memory for the kept bodies of all requests. Requests beyond it are forwarded, but not retried.',
    ),
  },
  pacing: {
    enabled: toggle(true, "Delay requests so that they stay within the upstream's rate limits."),
    maxWait: duration('30s', 'How long a request may be delayed before it is refused.'),
    maxQueue: count(
      1000,
      'Maximum number of delayed requests. A client never takes more places than remain for the others.',
    ),
  },
  fleet: {
    redisUrl: redisUrl(
      'Redis or Valkey that several proxies share sessions and rate limits through: redis://host:port/database, redis-sentinel://host,host/master or redis-cluster://host,host; with TLS rediss://, rediss-sentinel:// or rediss-cluster://.',
    ),
    redisUsername: text('User of Redis (ACL). Without one, the password is that of the default user.'),
    redisPassword: secret('Password for Redis. Safer in a file of its own: fleet.redisPasswordFile.'),
    redisPasswordFile: file('File with the password for Redis. Read again for each connection.'),
    redisCaFile: file('PEM file with CA certificates to trust for Redis in addition to those of Node.js.'),
    redisCertFile: file('PEM file with the client certificate, and its chain, for Redis.'),
    redisKeyFile: file('PEM file with the private key of fleet.redisCertFile.'),
    name: label(
      'fleet',
      'default',
      'Name of the fleet: proxies with the same Redis and the same name share sessions and rate limits.',
    ),
  },
  retry: {
    attempts: count(
      3,
      'How many times a request is retried if the upstream temporarily refuses it or fails (408, 425, 429, 500, 502, 503, 504). All waits together last at most pacing.maxWait.',
    ),
  },
  cache: {
    rules: cacheRules(
      'Paths whose successful responses to GET are cached, each with a duration, e.g. "/v2/policy/** 60s". Identical requests at the same time are sent once.',
    ),
    maxSize: size('64MiB', 'Maximum memory for all cached responses.'),
  },
  admin: {
    address: furtherAddress(
      'Another address, for kubelet and Prometheus: host:port or unix:/path. Serves /_proxy/livez, readyz, metrics and status, in http and without a client token, and the page, which shows requests only to clients with their token or, without clients, on this machine. Whoever reaches it sees the names of tenants and clients, what they call and how often, and why logins fail, but no secret.',
    ),
    quit: toggle(
      false,
      'Let clients that may write stop the proxy with POST /_proxy/quit, as SIGINT does. For a proxy that runs next to a job.',
    ),
  },
  audit: {
    file: file(
      'File that gets a line of JSON for each request to be forwarded and each CONNECT. SIGUSR1 and SIGUSR2 reopen it. /dev/stdout and /dev/stderr are accepted.',
    ),
    required: toggle(
      false,
      'Refuse requests that cannot be recorded in audit.file, with 503. Each gets one line before it is forwarded, and one after.',
    ),
  },
  inspect: {
    enabled: toggle(
      true,
      'Keep the latest requests in memory, to be seen on the page at /_proxy/, with credentials masked.',
    ),
    requests: count(500, 'How many are kept. They take at most requests × (2 × maxBody + headers) of memory.'),
    bodies: choice(
      ['off', 'errors', 'all'],
      'errors',
      'Which bodies are kept: none, those of requests that failed or were aborted, or all; never those of logins.',
    ),
    maxBody: size('64KiB', 'How much of each body is kept.'),
  },
  otel: {
    enabled: toggle(
      false,
      'Send a trace of requests to an OpenTelemetry collector. Its variables say where and of how many: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and others.',
    ),
  },
  log: {
    level: choice(LEVELS, 'info', 'Lowest level that is logged.'),
    format: choice(
      ['auto', 'pretty', 'json'],
      'auto',
      'Format of the log; auto is pretty on a terminal and json elsewhere.',
    ),
    requests: choice(['all', 'errors', 'off'], 'errors', 'Which requests are logged.'),
  },
} satisfies Section

/** The keys of a tenant, under `tenants.<name>`. */
export const tenantSchema = {
  url: text('Stack name, console URL, API URL, or another https base URL; http only for loopback.'),
  computeUrl: text(
    'URL of the Compute console, instead of the one that the API names: https://<region>.cloud.twistlock.com/<id>.',
  ),
  accessKeyId: secret('Access key ID.'),
  accessKeyIdFile: file('File with the access key ID.'),
  secretKey: secret('Secret key. Safer in a file of its own: secretKeyFile.'),
  secretKeyFile: file('File with the secret key.'),
  credentialsFile: file("JSON file with access key ID and secret key (and url), as Prisma Cloud's SDK writes it."),
  credentialCommand: argv(
    'Command, with its arguments, that prints access key ID and secret key, as JSON or on two lines. Runs without shell, input or terminal, for at most 10 seconds.',
  ),
  credentialCommandCache: toggle(
    true,
    'Use the output of credentialCommand until the access key is rejected or SIGHUP arrives; false runs the command for each login.',
  ),
  prismaId: text('Prisma ID of the tenant to log in to, for a user of several tenants.'),
  customerName: text(
    'Customer name of the tenant to log in to, for a user of several tenants. prismaId takes precedence.',
  ),
  lazy: toggle(false, 'Log in at the first request instead of at startup.'),
  ...policyKeys,
} satisfies Section

/** The keys of a client, under `clients.<name>`. */
export const clientSchema = {
  tokenFile: file('File with the token, at least 16 characters, that identifies this client.'),
  admin: toggle(
    false,
    'Let this client see what other clients do: the whole page at /_proxy/, with all requests, the status and the metrics.',
  ),
  ...policyKeys,
} satisfies Section

/** The sections whose entries have names that the user chooses, each with the keys of an entry. */
export const namedSchemas = { tenants: tenantSchema, clients: clientSchema }

/** The values of {@link settingsSchema}: durations in milliseconds, sizes in bytes. */
export type Settings = ValuesOf<typeof settingsSchema>

/** The values of {@link clientSchema}. */
export type ClientSettings = ValuesOf<typeof clientSchema>

/** The values of {@link tenantSchema}. */
export type TenantSettings = ValuesOf<typeof tenantSchema>
