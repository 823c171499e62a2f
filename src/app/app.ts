import type { FastifyInstance } from 'fastify'
import { readiness } from '../admin/readiness.ts'
import type { Config } from '../config/config.ts'
import { serveConnect } from '../connect/connect.ts'
import { PageAccess } from '../guard/page-access.ts'
import { SignedTokens } from '../guard/signed-tokens.ts'
import { Levels } from '../inspect/levels.ts'
import { Traffic } from '../inspect/traffic.ts'
import { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Pacer } from '../pacing/pacer.ts'
import { isForwarded, routeOf } from '../request/own-path.ts'
import { isServedHost } from '../request/tenant.ts'
import { answerClientError } from '../server/client-error.ts'
import { Connections } from '../server/connections.ts'
import { Drain } from '../server/drain.ts'
import { KeyExpiries } from '../session/key-expiries.ts'
import { Sessions, type SessionsEvents } from '../session/sessions.ts'
import type { AuditOutput } from '../telemetry/audit.ts'
import { Audit } from '../telemetry/audit.ts'
import { DeprecatedCalls } from '../telemetry/deprecated-calls.ts'
import { firstLogin } from '../telemetry/first-login.ts'
import { keyLog } from '../telemetry/key-log.ts'
import { Metrics } from '../telemetry/metrics/metrics.ts'
import type { Runtime } from '../telemetry/metrics/process-metrics.ts'
import { sessionLog } from '../telemetry/session-log.ts'
import type { TraceOutput } from '../telemetry/tracing/span.ts'
import { Tracing } from '../telemetry/tracing/tracing.ts'
import type { Certificates } from '../tls/certificates.ts'
import type { TlsFront } from '../tls/front.ts'
import type { Agents } from '../upstream/agent.ts'
import { type FleetAccess, joinFleet, shareLimits } from './fleet.ts'
import { makeForwarder, makeRecorder, makeSession, secretsOf } from './forwarding.ts'
import { listenAt, makeListeners, type Place } from './listeners.ts'
import { LiveConfig } from './live-config.ts'
import { createReportsServer, type ReportsServer } from './reports-server.ts'
import { createServer } from './server.ts'
import { addSteps } from './steps.ts'

/** How long a local token is valid, in seconds: as long as the vendor's. */
const LOCAL_TOKEN_LIFETIME = 600

/** What {@link buildApp} depends on. */
export interface AppDeps {
  readonly version: string
  readonly runtime: Runtime
  readonly clock: Clock
  readonly log: Log
  /** The agents that connect to the API. The app closes their connections. */
  readonly agents: Agents
  /** Where audit lines go; null if there is no audit. */
  readonly audit: AuditOutput | null
  /** The certificates for https clients; null if https is off. */
  readonly certificates: Certificates | null
  /** The certificates for CONNECT to API hosts; null if CONNECT is off. */
  readonly authority: Certificates | null
  /** How to reach the fleet that this proxy belongs to; null if it shares nothing. */
  readonly fleet: FleetAccess | null
  /** Where spans go; null if nothing is traced. The app closes it. */
  readonly traces: TraceOutput | null
  /** Stops the process, as SIGINT does. */
  quit(): void
}

/** What a shutdown would have to wait for. */
export interface Outstanding {
  /** The number of requests that are being forwarded. Those to the proxy itself are short, or end with it. */
  readonly requests: number
  /** How long they may take to finish, in milliseconds. */
  readonly timeout: number
}

/** The assembled proxy, which does not listen yet. */
export interface App {
  readonly server: FastifyInstance
  /** Starts to listen, and resolves to a URL with the port in use. Rejects as `net.Server` does. */
  listen(place: Place): Promise<string>
  /** Listens for https; null if https is off. */
  readonly front: TlsFront | null
  /** Terminates TLS for CONNECT to API hosts; null if CONNECT is off. May be the front itself. */
  readonly interceptor: TlsFront | null
  /** Serves `admin.address`; null if there is none. */
  readonly reports: ReportsServer | null
  readonly sessions: Sessions
  /**
   * Logs in every tenant that is not lazy, and waits until each has a session or has failed. Reporting rejected access
   * keys is left to the caller.
   */
  login(): Promise<void>
  /** Applies another configuration. Running requests are not disturbed, and the addresses stay the same. */
  reload(config: Config): Promise<void>
  /** What {@link close} would wait for now. */
  outstanding(): Outstanding
  /**
   * Stops accepting, lets running requests finish for `listen.drainTimeout`, then cuts them off and closes everything.
   * With `grace`, clients that keep connections open are served for some seconds first, so that none of their requests
   * fails. Resolves to true if all requests could finish.
   */
  close(options?: { readonly grace?: boolean }): Promise<boolean>
}

/** Assembles the proxy from its parts. */
export async function buildApp(initial: Config, deps: AppDeps): Promise<App> {
  const { clock, log, agents, certificates, authority } = deps
  const live = new LiveConfig(initial, clock)
  const config = () => live.config
  agents.keepWarm(() => live.config.session.idleAfter)
  const maxConnections = () => live.config.listen.maxConnections

  const requests = () => metrics.requests
  const fleet = deps.fleet && joinFleet(initial, { ...deps, access: deps.fleet, requests })
  const share = fleet && shareLimits(fleet, live, () => sessions)
  const pacer = new Pacer({ clock, settings: () => live.config.pacing, ...(share && { share }) })
  const kept = new Budget(() => live.config.replay.maxMemory)
  const deprecatedCalls = new DeprecatedCalls(clock, log)
  const callTimeout = () => live.config.session.callTimeout
  const keyExpiries = new KeyExpiries({ dispatcher: agents.fresh, clock, callTimeout, events: keyLog(log, clock) })
  const auditLinesLost = () => deps.audit?.lost ?? 0
  const isReady = () => readiness(sessions, drain.isDraining).ready
  const known = { sessions: () => sessions, isReady, pacer, keyExpiries, kept, auditLinesLost, deprecatedCalls, fleet }
  const metrics: Metrics = new Metrics({ ...deps, ...known })
  const first = firstLogin(sessionLog(log, clock), tenant => live.config.tenants.get(tenant)?.lazy === false)
  const called: SessionsEvents['called'] = (tenant, call, outcome) => {
    metrics.sessionCalled(tenant, call, outcome)
    if (outcome === 'ok') fleet?.members.renewed()
  }
  const events = { ...first.events, called, keyUsed: keyExpiries.keyUsed }
  const secrets = secretsOf(live, () => sessions)
  const tracing = deps.traces && new Tracing({ output: deps.traces, clock, secrets })
  const create = makeSession(live, { ...deps, tracing }, fleet)
  const sessions: Sessions = new Sessions({ tenants: initial.tenants, clock, create, events })
  const tokens = new SignedTokens(clock, LOCAL_TOKEN_LIFETIME)
  const pages = new PageAccess(clock)
  const propagates = deps.traces?.propagates ?? false
  const forwarder = makeForwarder({ live, clock, agents, sessions, pacer, kept, tokens, propagates })

  const server = createServer({
    route: request => routeOf(request, host => isServedHost(host, live.config.tenants)),
    onClientError: (error, socket) => answerClientError(error, socket, connections.latestOn(socket), clock),
  })
  const connections = new Connections(server.server, { clock, max: maxConnections })
  const { front, interceptor, second } = makeListeners(server, { clock, log, certificates, authority, maxConnections })
  const audit = deps.audit && new Audit({ output: deps.audit, clock, required: initial.audit.required })
  const loggedIn = (token: string) => tokens.subjectOf(token)
  const connect = { config, front: interceptor, connections, clock, open: agents.open, log, audit, loggedIn }
  const connects = serveConnect(server.server, connect)
  const drain = new Drain(server, { clock, connections, refuseWaiting: reason => pacer.refuse(reason) })
  const loggedRequests = () => live.config.log.requests
  const recorder = initial.inspect.enabled ? makeRecorder({ live, clock, secrets }) : null
  const traffic = recorder && new Traffic(clock)
  const levels = recorder && new Levels(clock, pacer)
  const reported = {
    ...deps,
    startedAt: clock.monotonic(),
    config,
    deprecatedCalls,
    drain,
    fleet,
    loggedRequests,
    metrics,
    pacer,
    pages,
    recorder,
    sessions,
    keyExpiries,
    tokens,
    traffic,
    levels,
  }
  await addSteps(server, { ...reported, audit, connections, forwarder, tracing })
  const reports = initial.admin.address === null ? null : await createReportsServer(reported)
  return {
    server,
    listen: place => listenAt(server, second, place),
    front,
    interceptor,
    reports,
    sessions,
    login: () => first.waitFor(sessions.start()),
    async reload(config) {
      agents.reload(config.upstream)
      live.replace(config)
      log.level = config.log.level
      pacer.forget()
      await sessions.reload(config.tenants)
      // a login may take long, and the next reload must not wait for it
      void sessions.start()
    },
    outstanding() {
      const forwarded = [...connections.running()].filter(({ response }) => isForwarded(response.req))
      return { requests: forwarded.length, timeout: live.config.listen.drainTimeout }
    },
    async close({ grace = false } = {}) {
      const finished = await drain.run(live.config.listen.drainTimeout, grace)
      await connects.recorded()
      await reports?.close()
      levels?.close()
      sessions.close()
      keyExpiries.close()
      await fleet?.leave()
      await deps.traces?.close()
      await agents.destroy()
      return finished
    },
  }
}
