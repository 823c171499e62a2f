import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { Test } from 'tap'
import { type App, buildApp } from '../../src/app/app.ts'
import type { FleetAccess } from '../../src/app/fleet.ts'
import type { ClientConfig, Config, TenantConfig } from '../../src/config/config.ts'
import { type Policy, policyOf } from '../../src/config/policy.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { createLog } from '../../src/kernel/log.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { DEMO_USER, type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import type { AuditOutput } from '../../src/telemetry/audit.ts'
import type { ProcessUse } from '../../src/telemetry/metrics/process-metrics.ts'
import type { TraceOutput } from '../../src/telemetry/tracing/span.ts'
import type { Certificates } from '../../src/tls/certificates.ts'
import { createAgents } from '../../src/upstream/agent.ts'
import type { Dispatcher } from '../../src/upstream/dispatcher.ts'
import { testClock } from './clock.ts'
import { type CallOptions, call, type Reply } from './http.ts'
import { IS_OVER_HTTP2, overHttp2 } from './over-http2.ts'

/** Parts of a configuration that a test cares about. */
type ConfigParts = {
  readonly [Key in keyof Config]?: Config[Key] extends readonly unknown[] | ReadonlyMap<string, unknown>
    ? Config[Key]
    : NonNullable<Config[Key]> extends object
      ? Partial<NonNullable<Config[Key]>>
      : Config[Key]
}

export interface ProxyOptions {
  /** Of the upstream of tenants that name none. */
  readonly upstream: string
  /** Default: one tenant, `default`. */
  readonly tenants?: Readonly<Record<string, Partial<TenantConfig> & { readonly url?: string }>>
  readonly config?: ConfigParts
  /** Default: one that stands still. */
  readonly clock?: Clock
  /** Where the audit goes. */
  readonly audit?: Pick<AuditOutput, 'write'> & Partial<AuditOutput>
  /** What the TLS listener shows. */
  readonly certificates?: Certificates
  /** What clients are shown that take the proxy for that of their https. */
  readonly authority?: Certificates
  /** How to reach the fleet that it belongs to. Default: it shares nothing. */
  readonly fleet?: FleetAccess
  /** Where spans go. Default: nothing is traced. */
  readonly traces?: TraceOutput
  /** Called when a client has it end. */
  readonly quit?: () => void
  /** Where all that is for an upstream goes instead. */
  readonly upstreamAt?: string
  /** Where logins go instead, so that a session is there though the upstream fails. */
  readonly loginAt?: string
  /** What sends requests on pooled connections instead. */
  readonly pool?: (pool: Dispatcher) => Dispatcher
  /** Whether the upstream is asked when access keys expire. Default: no, so that it gets what the test sends. */
  readonly asksAboutKeys?: boolean
}

/** A proxy that listens on a free port and ends with the test. */
export interface TestProxy {
  readonly app: App
  readonly port: number
  /** What was logged, as parsed lines, at level trace. */
  readonly log: readonly LogLine[]
  call(path: string, options?: CallOptions): Promise<Reply>
}

export interface LogLine {
  readonly msg?: string
  readonly level?: number
  readonly [key: string]: unknown
}

/** What the process of a test's proxy uses: on every system all that one of them tells. */
export const PROCESS_USE: ProcessUse = {
  cpu: 1.5,
  startedAt: 1_767_225_600,
  resident: 80_000_000,
  virtual: 1_000_000_000,
  openFiles: 20,
  maxFiles: 1024,
}

/** Starts a proxy before the given upstream. */
export async function startProxy(t: Test, options: ProxyOptions): Promise<TestProxy> {
  const config = makeConfig(options)
  const lines: LogLine[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
  const clock = options.clock ?? testClock()
  const log = createLog(config.log.level, destination, clock)
  const direct = createAgents(config.upstream)
  const { pool, fresh, ...rest } = IS_OVER_HTTP2 ? overHttp2(direct, config.upstream) : direct
  const { upstreamAt, loginAt, asksAboutKeys = false, pool: replaced = pool => pool } = options
  const own = diverted(diverted(fresh, upstreamAt), loginAt, '/login')
  const agents = {
    pool: replaced(diverted(pool, upstreamAt)),
    fresh: asksAboutKeys ? own : withoutKeys(own),
    ...rest,
  }
  const app = await buildApp(config, {
    version: '1.2.3',
    runtime: { nodeVersion: 'v20.19.0', use: async () => PROCESS_USE },
    clock,
    log,
    agents,
    audit: options.audit ? { lost: 0, writeNow: () => true, ...options.audit } : null,
    certificates: options.certificates ?? null,
    authority: options.authority ?? null,
    fleet: options.fleet ?? null,
    traces: options.traces ?? null,
    quit: options.quit ?? (() => {}),
  })
  t.teardown(() => {
    app.server.server.closeAllConnections()
    return app.close()
  })
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  return { app, port, log: lines, call: (path, callOptions) => call(port, path, callOptions) }
}

/** Has requests for paths that end like that go to another origin. */
function diverted(dispatcher: Dispatcher, origin: string | undefined, pathsEnd = ''): Dispatcher {
  if (origin === undefined) return dispatcher
  return {
    dispatch: (options, handler) =>
      dispatcher.dispatch(options.path.endsWith(pathsEnd) ? { ...options, origin } : options, handler),
    destroy: () => dispatcher.destroy(),
  }
}

/** Fails whoever asks about an access key. */
function withoutKeys(dispatcher: Dispatcher): Dispatcher {
  return {
    dispatch(options, handler) {
      if (/\/access_keys\/[^/]+$/.test(options.path)) handler.onResponseError(undefined, new Error('not asked here'))
      else dispatcher.dispatch(options, handler)
    },
    destroy: () => dispatcher.destroy(),
  }
}

/** A proxy before a simulator; both share a clock that stands still. */
export async function startPair(
  t: Test,
  options: Omit<ProxyOptions, 'upstream' | 'clock'> = {},
  simulated: Partial<SimulatorOptions> = {},
) {
  const clock = testClock()
  const simulator: Simulator = await startSimulator({ clock, ...simulated })
  t.teardown(() => simulator.close())
  return { ...(await startProxy(t, { ...options, clock, upstream: simulator.url })), simulator, clock }
}

/** A whole configuration: the defaults, and what the test says. */
export function makeConfig({ upstream, tenants = { default: {} }, config = {} }: ProxyOptions): Config {
  const named = Object.entries(tenants).map(([name, given]) => [name, makeTenant(name, upstream, given)] as const)
  return {
    defaultTenant: 'default',
    errors: 'problem',
    assumeJson: true,
    ...config,
    listen: {
      address: '127.0.0.1:0',
      tls: 'off',
      tlsAddress: '127.0.0.1:0',
      tlsCertFile: null,
      tlsKeyFile: null,
      trustedHosts: [],
      clientTokenFile: null,
      exposed: false,
      socketMode: 0o600,
      maxRequests: 10_000,
      maxConnections: 20_000,
      drainTimeout: 10_000,
      ...config.listen,
    },
    connect: { enabled: false, others: 'refuse', ...config.connect },
    session: { waitTimeout: 15_000, callTimeout: 10_000, idleAfter: 30 * 60_000, ...config.session },
    upstream: {
      caFile: null,
      authorities: config.upstream?.caFile ? readFileSync(config.upstream.caFile, 'utf8') : null,
      proxy: null,
      outbound: null,
      connectTimeout: 10_000,
      headersTimeout: 120_000,
      bodyTimeout: 120_000,
      http2: 'auto',
      ...config.upstream,
    },
    replay: { maxBody: 1024 * 1024, maxMemory: 64 * 1024 * 1024, ...config.replay },
    pacing: { enabled: true, maxWait: 30_000, maxQueue: 1_000, ...config.pacing },
    fleet: {
      redisUrl: null,
      redisUsername: null,
      redisPassword: null,
      redisPasswordFile: null,
      redisCaFile: null,
      redisCertFile: null,
      redisKeyFile: null,
      name: 'default',
      redis: null,
      ...config.fleet,
    },
    retry: { attempts: 3, ...config.retry },
    cache: { rules: [], maxSize: 1024 * 1024, ...config.cache },
    admin: { address: null, quit: false, ...config.admin },
    audit: { file: null, required: false, ...config.audit },
    inspect: { enabled: true, requests: 500, bodies: 'errors', maxBody: 64 * 1024, ...config.inspect },
    otel: { enabled: false, ...config.otel },
    traces: null,
    log: { level: 'trace', format: 'json', requests: 'errors', ...config.log },
    tenants: new Map(named),
    policy: policyOf({ ...ANYTHING, name: 'policy', ...config.policy }),
    clients: config.clients ?? [],
    warnings: [],
  }
}

/** A client that shows this token, and may ask anything unless told otherwise. */
export function clientOf(name: string, token: string, policy: Partial<Policy> = {}, admin = false): ClientConfig {
  return {
    name,
    token: new Secret(token),
    admin,
    policy: policyOf({ ...ANYTHING, name: `clients.${name}`, ...policy }),
  }
}

/** A policy that restricts nothing. */
export const ANYTHING: Omit<Policy, 'name'> = { access: 'read-write', allow: [], deny: [] }

function makeTenant(
  name: string,
  upstream: string,
  { url = upstream, ...given }: Partial<TenantConfig> & { readonly url?: string },
): TenantConfig {
  const { accessKeyId, secretKey } = DEMO_USER
  return {
    name,
    api: resolveApi(url),
    credentials: {
      origin: 'test',
      kind: 'fixed',
      read: async () => ({ accessKeyId: new Secret(accessKeyId), secretKey: new Secret(secretKey) }),
    },
    prismaId: null,
    customerName: null,
    lazy: false,
    policy: null,
    ...given,
  }
}
