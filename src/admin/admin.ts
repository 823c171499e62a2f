import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { Problem } from '../problem/problem.ts'
import type { Sessions, TenantEntry } from '../session/sessions.ts'
import { EXPOSITION_TYPE } from './exposition.ts'
import type { Metrics } from './metrics.ts'
import { readiness } from './readiness.ts'
import type { TenantCounts } from './tally.ts'

export interface AdminOptions {
  readonly version: string
  readonly clock: Clock
  readonly sessions: Sessions
  readonly metrics: Metrics
  readonly pacer: Pacer
  /** Whether clients may end the proxy. */
  readonly mayQuit: () => boolean
  quit(): void
}

/** The proxy's own paths: alive, ready, status and metrics, and its end. */
export async function admin(
  app: FastifyInstance,
  { version, clock, sessions, metrics, pacer, mayQuit, quit }: AdminOptions,
): Promise<void> {
  const startedAt = clock.monotonic()

  app.get('/_proxy/livez', async () => ({ status: 'ok' }))

  app.get('/_proxy/readyz', async (_request, reply) => {
    const answer = readiness(sessions)
    return reply.code(answer.ready ? 200 : 503).send(answer)
  })

  app.get('/_proxy/status', async () => {
    const status = (entry: TenantEntry) => [entry.tenant.name, tenantStatus(entry, metrics.counts(entry.tenant.name))]
    return {
      version,
      uptime: Math.round((clock.monotonic() - startedAt) / 1000),
      ...readiness(sessions),
      tenants: Object.fromEntries([...sessions.all()].map(status)),
      pacing: {
        waiting: pacer.waiting,
        endpoints: [...pacer.endpoints()],
      },
    }
  })

  app.post('/_proxy/quit', async (_request, reply) => {
    if (!mayQuit()) throw new Problem('policy-denied', 'The proxy cannot be ended so: admin.quit is off')
    quit()
    return reply.code(202).send({ status: 'draining' })
  })

  app.get('/_proxy/metrics', async (_request, reply) => reply.type(EXPOSITION_TYPE).send(metrics.render()))
}

function tenantStatus({ tenant, session, successor }: TenantEntry, counters: TenantCounts) {
  const { stack, api } = tenant.target
  return {
    stack,
    api,
    lazy: tenant.lazy,
    session: session?.status() ?? null,
    // what is to take its place, once it has a token
    ...(successor && { successor: successor.status() }),
    counters,
  }
}
