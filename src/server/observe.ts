import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { lingerAfter } from '../http/lingering-close.ts'
import { headersByName, rawHeadersOf } from '../http/raw-headers.ts'
import type { Recorder } from '../inspect/recorder.ts'
import type { Traffic } from '../inspect/traffic.ts'
import type { Clock } from '../kernel/clock.ts'
import { EndController, type EndSignal } from '../kernel/end-signal.ts'
import type { Log } from '../kernel/log.ts'
import { PAGE_HEADERS } from '../problem/html.ts'
import { type Exchange, exchangeHeaders, newExchange } from '../request/exchange.ts'
import { isForwarded } from '../request/own-path.ts'
import { parseRequest } from '../request/parse.ts'
import { proxyFormHost } from '../request/proxy-form.ts'
import type { Audit } from '../telemetry/audit.ts'
import type { DeprecatedCalls } from '../telemetry/deprecated-calls.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import { type LoggedRequests, logRequest } from '../telemetry/request-log.ts'
import type { Tracing } from '../telemetry/tracing/tracing.ts'
import type { Connections } from './connections.ts'

/** Client request ids that are accepted. They go into logs, headers and the audit, so only short, printable ASCII. */
const GOOD_REQUEST_ID = /^[ -~]{1,128}$/

/** What {@link observe} needs to track and report requests. */
export interface ObserveOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly deprecatedCalls: DeprecatedCalls
  readonly connections: Connections
  readonly audit: Audit | null
  /** Keeps the latest forwarded requests; null if none are kept. */
  readonly recorder: Recorder | null
  /** Counts the forwarded requests of the last hour; null if none are kept. */
  readonly traffic: Traffic | null
  /** Traces forwarded requests; null if none are traced. */
  readonly tracing: Tracing | null
  readonly loggedRequests: () => LoggedRequests
}

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange | null
  }
}

/** The client's request id if it is acceptable, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && GOOD_REQUEST_ID.test(given) ? given : randomUUID()
}

/** Returns the exchange that {@link observe} opened for a request. Throws if it opened none. */
export function exchangeOf({ exchange }: FastifyRequest): Exchange {
  if (!exchange) throw new Error('the request has no exchange')
  return exchange
}

/**
 * Opens an exchange for every request, adds its headers to the response, and logs it at its end. Requests that are not for
 * the proxy itself are also counted, recorded, traced and audited.
 */
export function observe(app: FastifyInstance, options: ObserveOptions): void {
  const { log, loggedRequests } = options
  openExchanges(app, options, (exchange, request) => {
    const ended = isForwarded(request) ? reportForwarded(exchange, request, options) : null
    return ending => {
      ended?.(ending)
      logRequest(log, loggedRequests(), exchange, ending.status, ending.took)
    }
  })
}

/** Opens an exchange for every request, adds its headers to the response, and only logs it at its end. */
export function observeUncounted(
  app: FastifyInstance,
  options: Pick<ObserveOptions, 'clock' | 'connections' | 'log' | 'loggedRequests'>,
): void {
  const { log, loggedRequests } = options
  openExchanges(app, options, exchange => {
    return ({ status, took }) => logRequest(log, loggedRequests(), exchange, status, took)
  })
}

/** How a request ended. */
interface Ending {
  /** 0 if the client left before the response was complete. */
  readonly status: number
  /** Milliseconds from the beginning to the end. */
  readonly took: number
}

/** Notes that a request has begun, and returns what notes its end. */
type Report = (exchange: Exchange, request: IncomingMessage) => (ending: Ending) => void

/** Counts, records, traces and audits a request that is forwarded, or that would be if it were not rejected. */
function reportForwarded(
  exchange: Exchange,
  request: IncomingMessage,
  { metrics, deprecatedCalls, audit, recorder, traffic, tracing }: ObserveOptions,
): (ending: Ending) => void {
  metrics.started()
  tracing?.begin(exchange, request)
  const record = recorder?.begin(exchange, request.rawHeaders)
  return ending => {
    const { status, took } = ending
    if (record) recorder?.end(record, ending)
    traffic?.count({ failed: status === 0 || status >= 400, took })
    tracing?.end(exchange, request, status)
    metrics.finished(exchange, status, took / 1000)
    deprecatedCalls.count(exchange)
    audit?.record(exchange, status)
  }
}

function openExchanges(
  app: FastifyInstance,
  { clock, connections }: Pick<ObserveOptions, 'clock' | 'connections'>,
  begun: Report,
): void {
  app.decorateRequest('exchange', null)
  app.addHook('onRequest', (request, { raw }, done) => {
    const over = new EndController('the client has left')
    const exchange = open(request, clock, over)
    request.exchange = exchange
    const ended = begun(exchange, request.raw)
    over.addEventListener('abort', () => {
      const took = clock.monotonic() - exchange.startedAt
      const status = raw.writableFinished ? raw.statusCode : 0
      ended({ status, took })
    })
    connections.watch(raw, over)
    done()
  })
  app.addHook('onSend', (request, reply, _payload, done) => {
    lingerAfter(reply.raw, clock)
    const exchange = exchangeOf(request)
    const headers = exchangeHeaders(exchange, name => reply.hasHeader(name))
    // the policy of the page lets its own script run
    if (!reply.hasHeader('content-security-policy')) reply.headers(PAGE_HEADERS)
    reply.headers(headersByName(headers))
    exchange.head = { headers: rawHeadersOf(reply.getHeaders()), at: clock.monotonic() }
    done()
  })
}

/** Records the beginning of each forwarded request in the audit, if there is one, before any other work for it. */
export function recordBeginnings(app: FastifyInstance, { audit }: Pick<ObserveOptions, 'audit'>): void {
  if (!audit) return
  app.addHook('onRequest', (request, _reply, done) => {
    if (isForwarded(request.raw)) audit.begin(exchangeOf(request))
    done()
  })
}

function open({ id, method, originalUrl, raw }: FastifyRequest, clock: Clock, over: EndSignal): Exchange {
  const head = { method, rawTarget: originalUrl, proxyHost: proxyFormHost(raw), host: raw.headers.host }
  return newExchange(parseRequest(head), { requestId: id, over, startedAt: clock.monotonic() })
}
