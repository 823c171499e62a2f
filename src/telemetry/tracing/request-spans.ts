import type { IncomingMessage } from 'node:http'
import { errorCodes } from '../../kernel/error-codes.ts'
import type { Exchange } from '../../request/exchange.ts'
import type { AttemptStep, Step, Wait } from '../../request/steps.ts'
import { childOf, parseTraceparent, type TraceContext } from '../../request/trace-context.ts'
import { add, addClient, addMethod, addServer, nameOf } from './http-attributes.ts'
import type { Attributes, Span } from './span.ts'

/** The names of the spans of waits. */
const WAITS: Readonly<Record<Wait['kind'], string>> = {
  session: 'wait for session',
  queue: 'wait for rate limit',
  upstream: 'wait for identical request',
}

/** The status from which a response means that the server failed. For a client, those from 400 on do. */
const SERVER_ERROR = 500
const CLIENT_ERROR = 400

/** A request that is over and was recorded. */
export interface RecordedRequest {
  readonly exchange: Exchange
  readonly trace: TraceContext
  readonly steps: readonly Step[]
  readonly request: IncomingMessage
  /** 0 if the client left before the response was complete. */
  readonly status: number
  /** When the request ended: a reading of the monotonic clock, in milliseconds. */
  readonly endedAt: number
  /** What to add to a reading of the monotonic clock for the milliseconds since the epoch. */
  readonly offset: number
  /** Removes secrets from a text that a client wrote. Returns null if nobody knows which it may contain. */
  clean(text: string): string | null
}

/** The spans of a request: its own, and one for each wait and for each attempt, with OpenTelemetry's attributes of HTTP. */
export function spansOf(recorded: RecordedRequest): Span[] {
  const spans = [serverSpan(recorded)]
  let attempts = 0
  for (const step of recorded.steps)
    spans.push(step.kind === 'attempt' ? attemptSpan(recorded, step, attempts++) : waitSpan(recorded, step))
  return spans
}

function serverSpan({ exchange, trace, request, status, endedAt, offset, clean }: RecordedRequest): Span {
  const { method, operation, requestId } = exchange
  const error = errorOf(exchange, status)
  const parent = parseTraceparent(request.headers.traceparent?.toString())
  // one object, filled in the same order: each copy of it would cost a microsecond
  const attributes: Attributes = {}
  addMethod(attributes, method)
  addClient(attributes, request, exchange.proxyHost, clean)
  add(attributes, 'url.path', clean(exchange.path))
  add(attributes, 'http.route', operation?.template)
  if (status > 0) attributes['http.response.status_code'] = status
  add(attributes, 'error.type', error)
  const isOfClient = request.headers['x-request-id'] === requestId
  add(attributes, 'prismacloud_proxy.request_id', isOfClient ? clean(requestId) : requestId)
  add(attributes, 'prismacloud_proxy.tenant', exchange.tenant)
  add(attributes, 'prismacloud_proxy.client', exchange.client)
  add(attributes, 'prismacloud_proxy.cache', exchange.cache)
  add(attributes, 'prismacloud_proxy.problem', exchange.failure?.type)
  add(attributes, 'prismacloud_proxy.upstream_request_id', exchange.upstreamRequestId)
  return {
    trace,
    // what is invalid, or not to be believed, did not become the trace
    parentId: parent?.traceId === trace.traceId ? parent.spanId : null,
    name: nameOf(method, operation),
    kind: 'server',
    from: exchange.startedAt + offset,
    to: endedAt + offset,
    attributes,
    failed: error !== null,
  }
}

/** Why a request failed through no fault of its client; null if it did not. A client that leaves is not an error. */
function errorOf({ failure }: Exchange, status: number): string | null {
  if (failure && (status === 0 || status >= SERVER_ERROR)) return failure.type
  return status >= SERVER_ERROR ? `${status}` : null
}

function waitSpan({ trace, offset }: RecordedRequest, { kind, from, to }: Wait): Span {
  return {
    trace: childOf(trace),
    parentId: trace.spanId,
    name: WAITS[kind],
    kind: 'internal',
    from: from + offset,
    to: to + offset,
    attributes: {},
    failed: false,
  }
}

function attemptSpan(
  { exchange, trace: parent, status: answered, endedAt, offset, clean }: RecordedRequest,
  { trace, origin, path, from, to, status, error }: AttemptStep,
  resends: number,
): Span {
  const { method, operation } = exchange
  const isAborted = to === null && answered === 0
  const type = isAborted ? 'aborted' : (failureOf(error) ?? (status >= CLIENT_ERROR ? `${status}` : null))
  const attributes: Attributes = {}
  addMethod(attributes, method)
  addServer(attributes, origin)
  attributes['url.full'] = `${origin}${clean(path)}`
  add(attributes, 'url.template', operation?.template)
  if (resends > 0) attributes['http.request.resend_count'] = resends
  if (status > 0) attributes['http.response.status_code'] = status
  add(attributes, 'error.type', type)
  attributes['network.protocol.version'] = '1.1'
  return {
    trace,
    parentId: parent.spanId,
    name: nameOf(method, operation),
    kind: 'client',
    from: from + offset,
    to: (to ?? endedAt) + offset,
    attributes,
    failed: type !== null,
  }
}

/** The code of an error, or `_OTHER`; undefined if there is no error. Its message may hold what the upstream sent. */
export function failureOf(error: unknown): string | undefined {
  return error === undefined ? undefined : (errorCodes(error)[0] ?? '_OTHER')
}
