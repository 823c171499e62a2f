import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Metrics } from './metrics.ts'
import { readiness } from './readiness.ts'

export interface AdminOptions {
  readonly version: string
  readonly clock: Clock
  readonly sessions: Sessions
  readonly metrics: Metrics
}

/** The proxy's own paths: alive, ready, status and metrics. */
export async function admin(app: FastifyInstance, { version, clock, sessions, metrics }: AdminOptions): Promise<void> {
  const startedAt = clock.monotonic()

  app.get('/_proxy/livez', async () => ({ status: 'ok' }))

  app.get('/_proxy/readyz', async (_request, reply) => {
    const answer = readiness(sessions)
    return reply.code(answer.ready ? 200 : 503).send(answer)
  })

  app.get('/_proxy/status', async () => ({
    version,
    uptime: Math.round((clock.monotonic() - startedAt) / 1000),
    ...readiness(sessions),
    tenants: Object.fromEntries([...sessions.all()].map(entry => [entry.tenant.name, tenantStatus(entry, metrics)])),
  }))

  app.get('/_proxy/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()))
}

type Entry = ReturnType<Sessions['all']> extends Generator<infer T> ? T : never

function tenantStatus({ tenant, session }: Entry, metrics: Metrics) {
  const { stack, api } = tenant.target
  return {
    stack,
    api,
    lazy: tenant.lazy,
    session: session?.status() ?? null,
    counters: metrics.counts(tenant.name),
  }
}
