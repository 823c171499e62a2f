import type { FastifyInstance } from 'fastify'
import type { KeyExpiry } from '../auth/key-expiry.ts'
import type { Config } from '../config/config.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { authorizeAdmin, authorizeQuit, isAdmin } from '../guard/rights.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Drain } from '../server/drain.ts'
import { exchangeOf } from '../server/observe.ts'
import type { KeyExpiries } from '../session/key-expiries.ts'
import type { Sessions, TenantEntry } from '../session/sessions.ts'
import type { TenantCounts } from '../telemetry/counters.ts'
import type { DeprecatedCall, DeprecatedCalls } from '../telemetry/deprecated-calls.ts'
import { EXPOSITION_TYPE } from '../telemetry/exposition.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { fleetStatus } from './fleet-status.ts'
import { readiness } from './readiness.ts'

/** Options of {@link reports}. */
export interface ReportsOptions {
  readonly version: string
  readonly clock: Clock
  readonly sessions: Sessions
  readonly keyExpiries: KeyExpiries
  readonly metrics: Metrics
  readonly pacer: Pacer
  readonly deprecatedCalls: DeprecatedCalls
  /** The fleet that this proxy belongs to, if any. */
  readonly fleet: Fleet | null
  readonly drain: Pick<Drain, 'isDraining'>
  /** The current configuration, which says what each client may see. Without clients, everyone sees everything. */
  readonly config: () => Pick<Config, 'clients'>
}

/** Options of {@link quitting}. */
export interface QuittingOptions {
  /** The current configuration, which says what each client may do. */
  readonly config: () => Config
  /** Starts the shutdown of the proxy. */
  quit(): void
}

/** What the proxy reports of itself under `/_proxy/`: liveness, readiness, status and metrics. */
export async function reports(
  app: FastifyInstance,
  { version, clock, sessions, keyExpiries, metrics, pacer, deprecatedCalls, fleet, drain, config }: ReportsOptions,
): Promise<void> {
  const startedAt = clock.monotonic()

  app.get('/_proxy/livez', async () => ({ status: 'ok' }))

  app.get('/_proxy/readyz', async (_request, reply) => {
    const answer = readiness(sessions, drain.isDraining)
    return reply.code(answer.ready ? 200 : 503).send(answer)
  })

  app.get('/_proxy/status', async request => {
    const uptime = Math.round((clock.monotonic() - startedAt) / 1000)
    const { ready, waitingFor } = readiness(sessions, drain.isDraining)
    // sessions and rate limits are shared, so their state reveals the activity of other clients
    if (!isAdmin(config(), exchangeOf(request).client)) return { version, uptime, ready }
    const status = (entry: TenantEntry) => {
      const { name } = entry.tenant
      return [name, tenantStatus(entry, keyExpiries.of(name), metrics.counts(name))]
    }
    return {
      version,
      uptime,
      ready,
      waitingFor,
      tenants: Object.fromEntries([...sessions.all()].map(status)),
      pacing: {
        waiting: pacer.waiting,
        endpoints: [...pacer.endpoints()],
      },
      ...(fleet && { fleet: fleetStatus(fleet) }),
      deprecated: [...deprecatedCalls.all()].map(deprecatedStatus),
    }
  })

  app.get('/_proxy/metrics', async (request, reply) => {
    authorizeAdmin(config(), exchangeOf(request).client)
    return reply.type(EXPOSITION_TYPE).send(metrics.render())
  })
}

/** The endpoint `POST /_proxy/quit`, with which a client shuts the proxy down. */
export async function quitting(app: FastifyInstance, { config, quit }: QuittingOptions): Promise<void> {
  app.post('/_proxy/quit', async (request, reply) => {
    authorizeQuit(config(), exchangeOf(request).client)
    quit()
    return reply.code(202).send({ status: 'draining' })
  })
}

function deprecatedStatus({ lastAt, ...call }: DeprecatedCall) {
  return { ...call, last: new Date(lastAt).toISOString() }
}

function tenantStatus({ tenant, session, candidate }: TenantEntry, expiry: KeyExpiry, counters: TenantCounts) {
  const { stack, origin: api } = tenant.api
  return {
    stack,
    api,
    lazy: tenant.lazy,
    session: session?.status() ?? null,
    // the candidate that replaces the session once it has a token
    ...(candidate && { successor: candidate.status() }),
    accessKey: keyStatus(expiry),
    counters,
  }
}

function keyStatus(expiry: KeyExpiry) {
  if (typeof expiry !== 'number') return { expiry, expiresAt: null }
  return { expiry: 'dated', expiresAt: new Date(expiry).toISOString() }
}
