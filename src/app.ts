import type { ServerOptions } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { admin } from './admin/admin.ts'
import { homePage } from './admin/home-page.ts'
import { problemPages } from './admin/problem-pages.ts'
import { AuthApi } from './auth/auth-api.ts'
import { AnswerCache } from './cache/answer-cache.ts'
import type { Config } from './config/config.ts'
import { serveConnect } from './connect/connect.ts'
import { ComputeConsoles } from './forward/compute-consoles.ts'
import type { GoodHead } from './forward/forward-request.ts'
import { Forwarder } from './forward/forwarder.ts'
import { forwardPlugin, leaveBodiesAlone } from './forward/route.ts'
import { admissionOf } from './guard/admission.ts'
import { authorize } from './guard/authorize.ts'
import { guard } from './guard/guard.ts'
import { SignedTokens } from './guard/signed-tokens.ts'
import { Budget } from './kernel/budget.ts'
import type { Clock } from './kernel/clock.ts'
import { type ListenAddress, SecondListener } from './kernel/further-address.ts'
import type { Log } from './kernel/log.ts'
import { Pacer } from './pacing/pacer.ts'
import { routeOf } from './request/own-path.ts'
import { takeAbsoluteForm } from './request/proxy-form.ts'
import { isServedHost } from './request/tenant.ts'
import { answerClientError } from './server/client-error.ts'
import { Connections } from './server/connections.ts'
import { drainable } from './server/drain.ts'
import { handleErrors } from './server/error-handler.ts'
import { HEAD_TIMEOUT, limits } from './server/limits.ts'
import { exchangeOf, observe, recordBeginnings, requestId } from './server/observe.ts'
import type { CreateSession } from './session/rotation.ts'
import { Session } from './session/session.ts'
import { Sessions } from './session/sessions.ts'
import { Audit, type AuditOutput } from './telemetry/audit.ts'
import { firstLogin } from './telemetry/first-login.ts'
import { Metrics } from './telemetry/metrics.ts'
import { sessionLog } from './telemetry/session-log.ts'
import type { Certificates } from './tls/certificates.ts'
import { TlsFront } from './tls/front.ts'
import type { Agents } from './upstream/agent.ts'

/** The largest block of headers of a request, in bytes: a long query that is encoded twice has room. */
const MAX_HEADER_SIZE = 64 * 1024

/** How often connections are looked at for requests that do not come, in milliseconds. */
const CHECK_INTERVAL = 1_000

/** How the server takes connections and requests, as far as Node.js sees to that. */
const HTTP = {
  maxHeaderSize: MAX_HEADER_SIZE,
  // a missing Host is the guard's to refuse
  requireHostHeader: false,
  headersTimeout: HEAD_TIMEOUT,
  connectionsCheckingInterval: CHECK_INTERVAL,
  // bytes that wait for a client before the upstream is held back, or of an upload before the client is: as Node.js 22
  // has it. With the 16 KiB of Node.js 20 each piece of a large answer does, which costs a quarter of the speed; there
  // connections with TLS keep to that
  highWaterMark: 64 * 1024,
  // streams without a body cost a thirtieth of all that a request does. Nobody may wait for the end of one then. Older
  // Node.js ignores it
  optimizeEmptyRequests: true,
} satisfies ServerOptions & { readonly optimizeEmptyRequests: boolean }

/** Bytes of the bodies of the upstream's errors, all together, that are held at one time. */
const MAX_COLLECTED = 64 * 1024 * 1024

/** Seconds for which who logs in here may go on without extending it: as long as at the vendor. */
const LOCAL_TOKEN_LIFETIME = 600

/** What {@link buildApp} does not make itself. */
export interface AppDeps {
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** The app closes their connections. */
  readonly agents: Agents
  /** Where the audit goes, if there is one. */
  readonly audit: AuditOutput | null
  /** What clients that speak https are shown, if any may. */
  readonly certificates: Certificates | null
  /** What clients are shown that take the proxy for that of their https, if any may. */
  readonly authority: Certificates | null
  /** Ends the process, as SIGTERM does. */
  quit(): void
}

/** The proxy, not listening yet. */
export interface App {
  readonly server: FastifyInstance
  /** Listens, and gives a URL with the port in use. Rejects as `net.Server` does. */
  listen(place: ListenAddress | { readonly path: string }): Promise<string>
  /** What listens for https, if anything does. */
  readonly front: TlsFront | null
  /** What speaks TLS in the name of API hosts, if anything does; it may be the same. */
  readonly interceptor: TlsFront | null
  readonly sessions: Sessions
  /**
   * Logs in every tenant that is not lazy, and waits until each has a session or is known to have none. Keys that are
   * rejected meanwhile are the caller's to tell.
   */
  login(): Promise<void>
  /** Goes on with another configuration; running requests are not disturbed. Addresses stay. */
  reload(config: Config): Promise<void>
  /**
   * Stops accepting, lets running requests finish for `listen.drainTimeout`, then cuts them off; closes everything.
   * Gives whether all could finish.
   */
  close(): Promise<boolean>
}

/** Puts the proxy together. */
export async function buildApp(initial: Config, deps: AppDeps): Promise<App> {
  const { clock, log, agents, version, certificates, authority, quit } = deps
  let current = initial
  const config = () => current
  const pacer = new Pacer({ clock, settings: () => current.pacing })
  const kept = new Budget(() => current.replay.maxMemory)
  const auditLinesLost = () => deps.audit?.lost ?? 0
  const metrics: Metrics = new Metrics(() => sessions, { pacer, kept, auditLinesLost })
  const first = firstLogin(sessionLog(log, clock), tenant => current.tenants.get(tenant)?.lazy === false)
  const events = { ...first.events, called: metrics.sessionCalled }
  const sessions = new Sessions({ tenants: initial.tenants, clock, create: sessionsOf(config, deps), events })
  const tokens = new SignedTokens(clock, LOCAL_TOKEN_LIFETIME)
  let answers = new AnswerCache<GoodHead>(clock, initial.cache.maxSize)
  const callTimeout = () => current.session.callTimeout
  const forwarder = new Forwarder({
    clock,
    agents,
    sessions,
    pacer,
    kept,
    collected: new Budget(() => MAX_COLLECTED),
    secrets: tenant => [...sessions.secrets(tenant), ...current.clients.map(({ token }) => token)],
    consoles: new ComputeConsoles({ carrier: agents.oneShot, clock, callTimeout }),
    config,
    tokens,
    permit: journey => authorize(current, journey),
    cache: () => ({ answers, rules: current.cache.rules }),
  })
  const isServed = (host: string) => isServedHost(host, current.tenants)
  const server = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: requestId,
    rewriteUrl: request => routeOf(request, isServed),
    // the own paths have short names, but a router's own answer to a long one would be no problem document
    routerOptions: { maxParamLength: MAX_HEADER_SIZE },
    http: HTTP,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, connections.latest(socket), clock),
  })
  server.server.prependListener('request', takeAbsoluteForm)
  // an expectation that is not known is the upstream's to judge; Node would answer 417 by itself
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))
  const maxConnections = () => current.listen.maxConnections
  const connections = new Connections(server.server, { clock, max: maxConnections })
  const frontWith = (certificates: Certificates) =>
    new TlsFront(server.server, { certificates, clock, log, maxConnections })
  const front = certificates && frontWith(certificates)
  const interceptor = authority && (authority === certificates ? front : frontWith(authority))
  const further = new SecondListener(server.server, { ...HTTP, noDelay: true, allowHalfOpen: true })
  const doors = [front, interceptor, further].filter(each => each !== null)
  // they accept no more when the server does not, and have closed when it has
  server.addHook('preClose', done => {
    for (const each of doors) void each.close()
    done()
  })
  server.addHook('onClose', async () => void (await Promise.all(doors.map(each => each.close()))))
  const loggedIn = (token: string) => tokens.subjectOf(token)
  const audit = deps.audit && new Audit({ output: deps.audit, clock, required: initial.audit.required })
  const listener = { config, front: interceptor, connections, clock, open: agents.open, log, audit, loggedIn }
  const connects = serveConnect(server.server, listener)
  observe(server, { clock, log, metrics, connections, audit, requests: () => current.log.requests })
  leaveBodiesAlone(server)
  const drain = drainable(server, { connections, refuseWaiting: reason => pacer.refuse(reason) })
  server.addHook('onRequest', (request, _reply, done) => {
    exchangeOf(request).client = guard(request.raw, admissionOf(current, request, loggedIn))
    done()
  })
  const isStranger = (client: string | null) => client === null && current.clients.length > 0
  limits(server, { maxRequests: () => current.listen.maxRequests, isStranger })
  if (audit) recordBeginnings(server, audit)
  handleErrors(server)
  await server.register(admin, { version, clock, sessions, metrics, pacer, config, quit })
  await server.register(homePage, { version })
  await server.register(problemPages)
  await server.register(forwardPlugin, { forwarder, clock, exchangeOf })
  return {
    server,
    async listen(place) {
      await server.ready()
      return 'path' in place ? server.listen(place) : further.beside(place, at => server.listen(at))
    },
    front,
    interceptor,
    sessions,
    login: () => first.waitFor(sessions.start()),
    async reload(config) {
      agents.reload(config.upstream)
      current = config
      log.level = config.log.level
      // what is known may be another tenant's
      answers = new AnswerCache(clock, config.cache.maxSize)
      pacer.forget()
      await sessions.reload(config.tenants)
      // a login may take its time; the next reload does not wait for it
      void sessions.start()
    },
    async close() {
      const finished = await drain(clock, current.listen.drainTimeout)
      await connects.recorded()
      sessions.close()
      await agents.destroy()
      return finished
    },
  }
}

function sessionsOf(config: () => Config, { clock, agents }: AppDeps): CreateSession {
  const settings = () => config().session
  const callTimeout = () => settings().callTimeout
  return ({ api, prismaId, customerName, credentials }, options) => {
    const choice = { prismaId, customerName }
    const auth = new AuthApi({ carrier: agents.oneShot, api, choice, clock, callTimeout })
    return new Session({ auth, api, credentials, clock, settings, ...options })
  }
}
