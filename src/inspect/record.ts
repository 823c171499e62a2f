import { type Pair, pairsOf, type RawHeaders } from '../http/raw-headers.ts'
import { Secret } from '../kernel/secret.ts'
import { tenths } from '../request/exchange.ts'
import { maskedHeaders } from './masked-headers.ts'
import { maskedText } from './masked-text.ts'
import type { ShownBody } from './shown-body.ts'

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
  /** The request target: path and query, with credentials masked. */
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
  /** The bytes of the request body that were received. */
  readonly requestBytes: number
  /** The bytes of the response body that were sent. */
  readonly bytes: number
  readonly replayed: boolean
  readonly cache: 'hit' | 'miss' | 'shared' | null
  /** Why the request failed; null if it did not. */
  readonly problem: RecordedProblem | null
  /** The upstream's id of the request, if it sent one. */
  readonly upstreamRequestId: string | null
}

/** What is known of a request: what its record shows, with headers that may contain credentials. */
export interface RequestFacts extends Omit<RequestRecord, 'number' | 'change'> {
  /** The headers that the client sent. */
  readonly requestHeaders: RawHeaders
  /** The headers that the client got; empty if it got none. */
  readonly responseHeaders: RawHeaders
}

/** A {@link RequestRecord} with what is shown only of a single request, or in a file. */
export interface RequestDetails extends RequestRecord {
  /** The headers as the client sent them, in their order, with credentials and cookies masked. */
  readonly requestHeaders: readonly Pair[]
  /** The headers as the client got them; empty if it got none. */
  readonly responseHeaders: readonly Pair[]
  /** The request body as the client sent it. */
  readonly requestBody: ShownBody | null
  /** The response body as the client got it. */
  readonly responseBody: ShownBody | null
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

/**
 * Makes a record of what is known of a request: without credentials, nor any of these secrets, and with times in tenths
 * of milliseconds.
 */
export function recordOf(
  number: number,
  change: number,
  { requestHeaders, responseHeaders, ...facts }: RequestFacts,
  secrets: readonly Secret[],
): RequestRecord {
  const { session, queue, upstream, firstByte, total } = facts.times
  return {
    number,
    change,
    ...facts,
    target: maskedTarget(facts.target.slice(0, LONGEST_TARGET), secrets),
    times: {
      session: tenths(session),
      queue: tenths(queue),
      upstream: tenths(upstream),
      firstByte: firstByte === null ? null : tenths(firstByte),
      total: total === null ? null : tenths(total),
    },
  }
}

/** The headers of a request or response without credentials, cookies, nor any of these secrets. */
export function shownHeaders(headers: RawHeaders, secrets: readonly Secret[]): Pair[] {
  return pairsOf(maskedHeaders(headers)).map(([name, value]) => [name, Secret.maskAllIn(value, secrets)])
}

/** A request target without the values of credentials in its query, nor any of these secrets. */
function maskedTarget(target: string, secrets: readonly Secret[]): string {
  const end = target.indexOf('?') + 1
  const masked = end === 0 ? target : target.slice(0, end) + maskedText(target.slice(end))
  return Secret.maskAllIn(masked, secrets)
}
