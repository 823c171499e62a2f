import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Dispatcher } from 'undici'
import { admin } from './admin/admin.ts'
import { drainable } from './admin/drain.ts'
import { failures } from './admin/failures.ts'
import { refuseMalformed } from './admin/malformed.ts'
import { createMetrics } from './admin/metrics.ts'
import { exchangeOf, observe, requestId } from './admin/observe.ts'
import { isOwnPath } from './admin/own-path.ts'
import { problemPages } from './admin/problem-pages.ts'
import type { Config, TenantConfig } from './config/config.ts'
import { Forwarder } from './forward/forwarder.ts'
import { withoutQuery } from './forward/path.ts'
import { FORWARD_ROUTE, forwardPlugin, leaveBodiesAlone } from './forward/plugin.ts'
import { guard } from './guard/guard.ts'
import type { Clock } from './kernel/clock.ts'
import type { Log } from './kernel/log.ts'
import { Pacer } from './pacing/pacer.ts'
import { AuthApi } from './session/auth.ts'
import { Session, type SessionEvents, type SessionState } from './session/session.ts'
import { Sessions } from './session/sessions.ts'

/** The one path that needs no client token: that the process lives is no secret, and probes have no token. */
const LIVENESS = '/_proxy/livez'

/** The largest block of headers of a request, in bytes: Node's own default. */
const MAX_HEADER_SIZE = 16 * 1024

/** How loudly a session's change to each state is told. */
const LOG_LEVEL: Readonly<Record<SessionState, 'debug' | 'info' | 'warn' | 'error'>> = {
  idle: 'debug',
  authenticating: 'debug',
  ready: 'info',
  'backing-off': 'warn',
  rejected: 'error',
  closed: 'debug',
}

/** What {@link buildApp} does not make itself. */
export interface AppDeps {
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** The connections to the upstreams; the app closes them. */
  readonly dispatcher: Dispatcher
}

/** The proxy, not listening yet. */
export interface App {
  readonly server: FastifyInstance
  readonly sessions: Sessions
  /** Logs in every tenant that is not lazy, and waits until each has a session or is known to have none. */
  login(): Promise<void>
  /**
   * Stops accepting, lets running requests finish for `listen.drainTimeout`, then cuts them off; closes everything.
   * Gives whether all could finish.
   */
  close(): Promise<boolean>
}

/** Puts the proxy together. */
export async function buildApp(config: Config, deps: AppDeps): Promise<App> {
  const { clock, log, dispatcher, version } = deps
  const pacer = new Pacer({ clock, ...config.pacing })
  const metrics = createMetrics(() => sessions, pacer)
  const sessions = new Sessions(config.tenants, tenant => createSession(tenant, config, deps, metrics.sessionCalled))
  const forwarder = new Forwarder({ clock, dispatcher, sessions, pacer, config })
  const lastAnswers = new WeakMap<Socket, ServerResponse>()
  const server = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: requestId,
    rewriteUrl: ({ url = '/' }) => (isOwnPath(url) ? url : FORWARD_ROUTE),
    // the own paths have short names, but a router's own answer to a long one would be no problem document
    routerOptions: { maxParamLength: MAX_HEADER_SIZE },
    // a missing Host is the guard's to refuse
    http: { maxHeaderSize: MAX_HEADER_SIZE, requireHostHeader: false },
    clientErrorHandler: (error, socket) => refuseMalformed(error, socket, lastAnswers.get(socket)),
  })
  // an expectation that is not known is the upstream's to judge; Node would answer 417 by itself
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))
  server.addHook('onRequest', async ({ raw }, reply) => void lastAnswers.set(raw.socket, reply.raw))
  leaveBodiesAlone(server)
  observe(server, { clock, log, metrics, requests: config.log.requests })
  const drain = drainable(server)
  server.addHook('onRequest', async ({ raw, originalUrl }) => guard(raw, guardPolicy(config, originalUrl)))
  failures(server)
  await server.register(admin, { version, clock, sessions, metrics })
  await server.register(problemPages)
  await server.register(forwardPlugin, { forwarder, dispatcher, clock, exchangeOf })
  return {
    server,
    sessions,
    async login() {
      const eager = [...config.tenants.values()].filter(tenant => !tenant.lazy)
      await Promise.allSettled(eager.map(tenant => sessions.of(tenant).acquire()))
    },
    async close() {
      const finished = await drain(clock, config.listen.drainTimeout)
      sessions.close()
      await dispatcher.destroy()
      return finished
    },
  }
}

function createSession(
  tenant: TenantConfig,
  { session: { waitTimeout, callTimeout } }: Config,
  { clock, dispatcher, log }: AppDeps,
  called: (tenant: string, ...args: Parameters<Required<SessionEvents>['called']>) => void,
): Session {
  const { name, target, prismaId, customerName, credentials } = tenant
  const auth = new AuthApi({ dispatcher, target, choice: { prismaId, customerName }, clock, callTimeout })
  return new Session({
    auth,
    credentials,
    clock,
    waitTimeout,
    events: {
      called: (...args) => called(name, ...args),
      changed(from, to, reason) {
        log[LOG_LEVEL[to]]({ tenant: name, from, to }, `session of ${name} is ${to}: ${reason}`)
      },
    },
  })
}

function guardPolicy({ listen }: Config, target: string) {
  return { trustedHosts: listen.trustedHosts, token: withoutQuery(target) === LIVENESS ? null : listen.clientToken }
}
