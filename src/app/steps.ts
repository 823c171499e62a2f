import type { FastifyInstance } from 'fastify'
import { type QuittingOptions, quitting, type ReportsOptions, reports } from '../admin/admin.ts'
import { homePage } from '../admin/home-page.ts'
import { inspection } from '../admin/inspection.ts'
import { page } from '../admin/page.ts'
import { problemPages } from '../admin/problem-pages.ts'
import type { Forwarder } from '../forward/forwarder.ts'
import { forwardPlugin, leaveBodiesAlone } from '../forward/route.ts'
import type { Levels } from '../inspect/levels.ts'
import { type AuthenticateOptions, authenticate } from '../server/authenticate.ts'
import { type Drain, receiveWhileDraining } from '../server/drain.ts'
import { handleErrors, refuseOtherMethods } from '../server/error-handler.ts'
import { type LimitsOptions, limits } from '../server/limits.ts'
import { exchangeOf, type ObserveOptions, observe, recordBeginnings } from '../server/observe.ts'

/** The options that all steps need together. */
export interface StepOptions
  extends ObserveOptions,
    AuthenticateOptions,
    LimitsOptions,
    Omit<ReportsOptions, 'config'>,
    QuittingOptions {
  readonly drain: Drain
  readonly forwarder: Forwarder
  /** The levels of rate limits in the last minutes; null if none are kept. */
  readonly levels: Levels | null
}

/**
 * The steps that every request passes, in this order, one line each. Steps before the routes are hooks: each may refuse
 * the request by throwing a {@link Problem}, which the error handler turns into the response.
 */
export async function addSteps(app: FastifyInstance, options: StepOptions): Promise<void> {
  observe(app, options) // opens the exchange: request id, timing; at the end log, metrics and audit
  leaveBodiesAlone(app) // bodies are streamed, whatever their type
  receiveWhileDraining(app, options.drain) // the last request of its connection, or 503, while shutting down
  authenticate(app, options) // the guard: host, origin, browser, client token
  limits(app, options) // sizes, and requests at one time
  recordBeginnings(app, options) // audit.required: a line before anything is done
  refuseOtherMethods(app) // 405
  handleErrors(app) // every failure becomes a problem document

  await app.register(reports, options) // /_proxy/livez, readyz, status, metrics
  await app.register(inspection, options) // /_proxy/requests and events
  if (options.recorder) await app.register(page, options) // what the page at /_proxy/ loads and does
  await app.register(quitting, options) // /_proxy/quit
  await app.register(homePage, options) // /_proxy/ and what browsers ask for by themselves
  await app.register(problemPages) // /_proxy/problems/
  await app.register(forwardPlugin, { ...options, exchangeOf }) // everything else: see Forwarder
}
