import type { RawHeaders } from '../http/raw-headers.ts'
import { operationName } from '../operations/operations.ts'
import type { Exchange } from '../request/exchange.ts'
import type { RequestFacts } from './record.ts'

/** How and when a request that is recorded began. */
export interface Beginning {
  readonly exchange: Exchange
  /** In milliseconds since the epoch. */
  readonly startedAt: number
  readonly requestHeaders: RawHeaders
}

/** How a recorded request ended. */
export interface RecordedEnd {
  /** 0 if the client left before the response was complete. */
  readonly status: number
  /** Milliseconds from the beginning to the end. */
  readonly took: number
}

/** What is known of a request now. `end` is null while it runs. */
export function factsOf({ exchange, startedAt, requestHeaders }: Beginning, end: RecordedEnd | null): RequestFacts {
  const { spent, head, failure } = exchange
  return {
    // each member by name: spreading costs microseconds
    id: exchange.requestId,
    startedAt,
    method: exchange.method,
    target: exchange.rawTarget,
    client: exchange.client,
    tenant: exchange.tenant,
    operation: operationName(exchange.operation),
    status: end ? end.status : null,
    times: {
      session: spent.session,
      queue: spent.queue,
      upstream: spent.upstream,
      firstByte: head ? head.at - exchange.startedAt : null,
      total: end ? end.took : null,
    },
    requestBytes: exchange.requestBytes,
    bytes: exchange.bytes,
    replayed: exchange.replayed,
    cache: exchange.cache,
    problem: failure ? { type: failure.type, title: failure.title, detail: failure.detail } : null,
    upstreamRequestId: exchange.upstreamRequestId,
    requestHeaders,
    responseHeaders: head ? head.headers : [],
  }
}
