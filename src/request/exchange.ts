import { headerText } from '../http/header-text.ts'
import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import type { Problem } from '../problem/problem.ts'
import type { ParsedRequest } from './parse.ts'

/**
 * One request and what became of it so far: what its head says, who sent it, and the facts for its response headers, the
 * log, the metrics and the audit. Times are in milliseconds.
 */
export interface Exchange extends ParsedRequest {
  readonly requestId: string
  /** Aborts when it is over: the answer is complete, or the client has left. */
  readonly over: EndSignal
  /** Of the monotonic clock. */
  readonly startedAt: number
  /** The client that asks, by its name; null where clients have none. */
  client: string | null
  tenant: string | null
  /** Spent waiting for a session, for the rate limit, and for the upstream's headers. */
  readonly spent: { session: number; queue: number; upstream: number }
  /** Of the answer's body, as far as it was sent. */
  bytes: number
  /** Whether the request was sent twice. */
  replayed: boolean
  /** How the cache had part in it; null where it had none. */
  cache: 'hit' | 'miss' | 'shared' | null
  /** Whether the proxy gave the answer itself, instead of forwarding the request. */
  answeredHere: boolean
  /** The upstream's request id. */
  upstreamRequestId: string | null
  /** What went wrong, if anything did: what the client was told of, or could not be told of any more. */
  failure: Problem | undefined
}

/** Notes the request id in the headers of the upstream's answer. */
export function noteRequestId(exchange: Exchange, headers: RawHeaders): void {
  const id = headerOf(headers, 'x-redlock-request-id')
  exchange.upstreamRequestId = id === undefined ? null : headerText(id)
}

/** The headers that an answer carries of its exchange, names and values in turn. */
export function exchangeHeaders({ requestId, spent, replayed, cache }: Exchange): string[] {
  const { session, queue, upstream } = spent
  const timing = `session;dur=${tenths(session)}, queue;dur=${tenths(queue)}, upstream;dur=${tenths(upstream)}`
  const headers = ['x-request-id', requestId, 'server-timing', timing]
  if (replayed) headers.push('x-prismacloud-proxy-replayed', '1')
  if (cache) headers.push('x-prismacloud-proxy-cache', cache)
  return headers
}

/** Adds the time that some work takes to what the exchange has spent so. */
export async function timed<T>(
  clock: Clock,
  { spent }: Exchange,
  what: keyof Exchange['spent'],
  work: Promise<T>,
): Promise<T> {
  const from = clock.monotonic()
  try {
    return await work
  } finally {
    spent[what] += clock.monotonic() - from
  }
}

/** Whole numbers become text ten times as fast as fractions do. */
function tenths(ms: number): string {
  const count = Math.round(ms * 10)
  const [whole, rest] = [Math.trunc(count / 10), count % 10]
  return rest === 0 ? `${whole}` : `${whole}.${rest}`
}
