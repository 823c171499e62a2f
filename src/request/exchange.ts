import { headerText } from '../http/header-text.ts'
import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import type { Operation } from '../operations/operation.ts'
import type { Problem } from '../problem/problem.ts'
import type { ParsedRequest } from './parse.ts'
import type { Step } from './steps.ts'
import type { TraceContext } from './trace-context.ts'

/** Receives the bodies of an exchange piece by piece, as they pass. It must copy what it keeps. */
export interface BodyTap {
  /** Receives a piece of the request body, as the client sent it. */
  received(piece: Buffer): void
  /** Receives a piece of the response body, as the client gets it, and the status of the response. */
  sent(piece: Buffer, status: number): void
}

/**
 * One request and its progress: what its head says, which client sent it, and the facts for the response headers, the
 * log, the metrics and the audit. Times are in milliseconds.
 */
export interface Exchange extends ParsedRequest {
  readonly requestId: string
  /** Aborts when the response is complete or the client has left. */
  readonly over: EndSignal
  /** A reading of the monotonic clock. */
  readonly startedAt: number
  /** The name of the client; null if no clients are configured, or it sent no valid token. */
  client: string | null
  tenant: string | null
  /** The operation of the API that the request is for; undefined if no description has it, or it is not known yet. */
  operation: Operation | undefined
  /** The time spent waiting for a session, for the rate limit, and for the upstream's response headers. */
  readonly spent: { session: number; queue: number; upstream: number }
  /** The head of the response, and when it was sent, on the monotonic clock; null until then. */
  head: { readonly headers: RawHeaders; readonly at: number } | null
  /** The bytes of the request body that were received. */
  requestBytes: number
  /** The bytes of the response body that were sent. */
  bytes: number
  /** Gets a copy of both bodies as they pass, so that people can look at them later; null if they are not kept. */
  tap: BodyTap | null
  /** Whether the request was retried. */
  replayed: boolean
  /** How the cache handled the request; null if it did not. */
  cache: 'hit' | 'miss' | 'shared' | null
  /** Whether the proxy responded itself instead of forwarding the request. */
  answeredHere: boolean
  /** The upstream's id of this request, if it sent one. */
  upstreamRequestId: string | null
  /** The problem that ended the request, even if it was too late to send it to the client. */
  failure: Problem | undefined
  /** The trace that the request belongs to, and its span; null unless `otel.enabled`, and for the proxy's own paths. */
  trace: TraceContext | null
  /** What happened on the way, if the trace is recorded; else null. */
  steps: Step[] | null
}

/** The exchange of a request that has just begun. */
export function newExchange(
  parsed: ParsedRequest,
  { requestId, over, startedAt }: Pick<Exchange, 'requestId' | 'over' | 'startedAt'>,
): Exchange {
  return {
    // each member by name: spreading into an object and adding members costs microseconds
    method: parsed.method,
    rawTarget: parsed.rawTarget,
    proxyHost: parsed.proxyHost,
    destination: parsed.destination,
    path: parsed.path,
    requestId,
    over,
    startedAt,
    client: null,
    tenant: null,
    operation: undefined,
    spent: { session: 0, queue: 0, upstream: 0 },
    head: null,
    requestBytes: 0,
    bytes: 0,
    tap: null,
    replayed: false,
    cache: null,
    answeredHere: false,
    upstreamRequestId: null,
    failure: undefined,
    trace: null,
    steps: null,
  }
}

/** Notes that a piece of the request body was received. */
export function noteReceived(exchange: Exchange, piece: Buffer): void {
  exchange.requestBytes += piece.length
  exchange.tap?.received(piece)
}

/** Notes that a piece of the response body was sent, in a response with this status. */
export function noteSent(exchange: Exchange, piece: Buffer, status: number): void {
  exchange.bytes += piece.length
  exchange.tap?.sent(piece, status)
}

/** Records the request id in the headers of the upstream's response. */
export function noteRequestId(exchange: Exchange, headers: RawHeaders): void {
  const id = headerOf(headers, 'x-redlock-request-id')
  exchange.upstreamRequestId = id === undefined ? null : headerText(id)
}

/**
 * The response headers that describe an exchange, as alternating names and values. Includes `Deprecation` (RFC 9745) if
 * the operation is deprecated; `isSent` says whether a header is in the response already, by its lower-case name.
 */
export function exchangeHeaders(exchange: Exchange, isSent: (name: string) => boolean): string[] {
  const { requestId, spent, operation, replayed, cache } = exchange
  const { session, queue, upstream } = spent
  const timing = `session;dur=${tenths(session)}, queue;dur=${tenths(queue)}, upstream;dur=${tenths(upstream)}`
  const headers = ['x-request-id', requestId, 'server-timing', timing]
  if (replayed) headers.push('x-prismacloud-proxy-replayed', '1')
  if (cache) headers.push('x-prismacloud-proxy-cache', cache)
  const deprecatedAt = operation?.deprecatedAt
  if (deprecatedAt !== undefined && !isSent('deprecation')) headers.push('deprecation', `@${deprecatedAt}`)
  return headers
}

/** Waits for `work`, adds the time that it takes to `spent[what]` of the exchange, and notes it if that is recorded. */
export async function timed<T>(
  clock: Clock,
  { spent, steps }: Exchange,
  what: keyof Exchange['spent'],
  work: Promise<T>,
): Promise<T> {
  const from = clock.monotonic()
  try {
    return await work
  } finally {
    const to = clock.monotonic()
    spent[what] += to - from
    steps?.push({ kind: what, from, to })
  }
}

/** Rounds milliseconds to one decimal place. */
export function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
