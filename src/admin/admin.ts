import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { authorizeAdmin, authorizeQuit, isAdmin } from '../guard/rights.ts'
import { exchangeOf } from '../server/observe.ts'
import { CONTENT_TYPES, formatFor } from '../telemetry/metrics/exposition.ts'
import { readiness } from './readiness.ts'
import { briefStatus, type StatusSources, statusOf } from './status.ts'

/** Options of {@link reports}. */
export interface ReportsOptions extends StatusSources {
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
export async function reports(app: FastifyInstance, options: ReportsOptions): Promise<void> {
  const { sessions, metrics, drain, config } = options

  app.get('/_proxy/livez', async () => ({ status: 'ok' }))

  app.get('/_proxy/readyz', async (_request, reply) => {
    const answer = readiness(sessions, drain.isDraining)
    return reply.code(answer.ready ? 200 : 503).send(answer)
  })

  app.get('/_proxy/status', async request =>
    isAdmin(config(), exchangeOf(request).client) ? statusOf(options) : briefStatus(options),
  )

  app.get('/_proxy/metrics', async (request, reply) => {
    authorizeAdmin(config(), exchangeOf(request).client)
    const format = formatFor(request.headers.accept)
    return reply
      .header('vary', 'accept')
      .type(CONTENT_TYPES[format])
      .send(await metrics.render(format))
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
