import { type Pair, pairsOf, type RawHeaders } from '../http/raw-headers.ts'
import { operationName } from '../operations/operations.ts'
import { type Exchange, tenths } from '../request/exchange.ts'
import { maskedHeaders } from './masked-headers.ts'

/** The longest target that is shown, in characters. */
const LONGEST_TARGET = 4_096

/** A forwarded request as `/_proxy/requests` shows it. Nothing in it is a secret. Times are in milliseconds. */
export interface RequestRecord {
  /** Grows by one with each request. */
  readonly number: number
  /** Grows by one with each change of any record: it is that of the latest change of this one. */
  readonly change: number
  /** The value of `x-request-id`. */
  readonly id: string
  /** When the request began, in milliseconds since the epoch. */
  readonly startedAt: number
  readonly method: string
  /** The request target: path and query. */
  readonly target: string
  /** The name of the client; null if no clients are configured. */
  readonly client: string | null
  /** Null if the request was refused before its tenant was known. */
  readonly tenant: string | null
  /** The path template of the operation, or `other`. */
  readonly operation: string
  /** The status that the client got; 0 if it left before, null while the request runs. */
  readonly status: number | null
  readonly times: RequestTimes
  /** The bytes of the response body that were sent. */
  readonly bytes: number
  readonly replayed: boolean
  readonly cache: 'hit' | 'miss' | 'shared' | null
  /** Why the request failed; null if it did not. */
  readonly problem: RecordedProblem | null
  /** The upstream's id of the request, if it sent one. */
  readonly upstreamRequestId: string | null
  /** The headers as they were sent, in their order, with credentials and cookies masked. */
  readonly requestHeaders: readonly Pair[]
  readonly responseHeaders: readonly Pair[]
}

/** What is kept of a request: little, because most are never looked at. {@link recordOf} makes a record of it. */
export interface Recorded {
  readonly number: number
  change: number
  /** In milliseconds since the epoch. */
  readonly startedAt: number
  readonly requestHeaders: RawHeaders
  /** The exchange while the request runs, then what is worth keeping of it. */
  facts: Pick<
    Exchange,
    | 'requestId'
    | 'method'
    | 'rawTarget'
    | 'startedAt'
    | 'client'
    | 'tenant'
    | 'operation'
    | 'spent'
    | 'bytes'
    | 'replayed'
    | 'cache'
    | 'upstreamRequestId'
    | 'head'
  > & { readonly failure: RecordedProblem | undefined }
  status: number | null
  /** Milliseconds from the beginning to the end; null while the request runs. */
  took: number | null
}

/** Where the time of a request went, in milliseconds. */
export interface RequestTimes {
  /** Waiting for a session, for the rate limit, and for the upstream's response headers. */
  readonly session: number
  readonly queue: number
  readonly upstream: number
  /** From the beginning to the head of the response; null if there was none. */
  readonly firstByte: number | null
  /** From the beginning to the end; null while the request runs. */
  readonly total: number | null
}

/** The problem that ended a request. Its type has a page at `/_proxy/problems/`. */
export interface RecordedProblem {
  readonly type: string
  readonly title: string
  readonly detail: string
}

/** Makes the record of a request from what is kept of it. */
export function recordOf({ number, change, startedAt, requestHeaders, facts, status, took }: Recorded): RequestRecord {
  const { requestId, method, rawTarget, operation, spent, failure, head } = facts
  const { client, tenant, bytes, replayed, cache, upstreamRequestId } = facts
  return {
    number,
    change,
    id: requestId,
    startedAt,
    method,
    target: rawTarget.slice(0, LONGEST_TARGET),
    client,
    tenant,
    operation: operationName(operation),
    status,
    times: {
      session: tenths(spent.session),
      queue: tenths(spent.queue),
      upstream: tenths(spent.upstream),
      firstByte: head && tenths(head.at - facts.startedAt),
      total: took && tenths(took),
    },
    bytes,
    replayed,
    cache,
    problem: failure ? { type: failure.type, title: failure.title, detail: failure.detail } : null,
    upstreamRequestId,
    requestHeaders: pairsOf(requestHeaders),
    responseHeaders: pairsOf(maskedHeaders(head?.headers ?? [])),
  }
}
