import { headersByName } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import { errorCodes } from '../kernel/error-codes.ts'
import { nearMisses } from '../operations/near-misses.ts'
import { OPERATIONS } from '../operations/operations.ts'
import { Problem } from '../problem/problem.ts'
import { noteSent } from '../request/exchange.ts'
import { type AttemptFailure, isRetryable, type Repeating } from '../retry/retry-policy.ts'
import { UnprocessedError } from '../upstream/errors.ts'
import { explainNetworkError } from '../upstream/network-error.ts'
import { isText } from '../upstream-errors/body.ts'
import type { NearMisses } from '../upstream-errors/describe.ts'
import { readUpstream } from '../upstream-errors/read.ts'
import type { ForwardRequest } from './forward-request.ts'
import { clientHeaders } from './headers/headers.ts'
import type { UpstreamBase } from './headers/location.ts'
import { breakOff, type CollectedResponse } from './response-body.ts'
import { sendHead } from './response-head.ts'

/**
 * Headers that describe a body, and no longer apply when a problem document replaces it. The `content-range` of a 416
 * is not among them, because it describes what was asked for.
 */
const OF_THE_BODY = /^(content-(?!range$)|etag$|last-modified$|accept-ranges$|date$)/

/** Error codes of a pooled connection that the upstream closed just as the request was written to it. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET'])

/** Statuses of responses to requests that the API does not know. */
const UNKNOWN_REQUEST = new Set([404, 405])

/** An error response from the upstream, which the client gets unchanged or as a problem document. */
export interface ErrorResponse {
  readonly base: UpstreamBase
  readonly response: CollectedResponse
  /** The effect of repeating the client's request; `reads` if the request was never sent. */
  readonly repeating: Repeating
  /** The client's request, if it was sent and this is the response to it. */
  readonly request?: ForwardRequest
}

/** Turns an error response into a problem. `now` is the wall time in milliseconds. */
export function problemOfError({ base, response, repeating, request }: ErrorResponse, now: number): Problem {
  const { status, body, complete } = response
  const retryable = isRetryable(status, repeating)
  const host = new URL(base.origin).host
  const headers = headersByName(response.headers)
  const nearMisses = request && UNKNOWN_REQUEST.has(status) ? nearMissesOf(request) : undefined
  return readUpstream({ host, retryable, status, headers, body, complete, nearMisses }, now)
}

function nearMissesOf({ exchange, plan }: ForwardRequest): NearMisses | undefined {
  const { method, path } = exchange
  const operations = nearMisses(OPERATIONS, method, plan.readings.usual)
  return operations.length > 0 ? { request: `${method} ${path}`, operations } : undefined
}

/** Returns the headers of an error response that accompany its problem document, by lower-case name. */
export function problemHeaders({ base, response }: ErrorResponse): [name: string, value: string | string[]][] {
  const all = Object.entries(headersByName(clientHeaders(response.headers, base)))
  return all.filter(([name]) => !OF_THE_BODY.test(name))
}

/**
 * Passes an error response through to the client, if the client asked for that and the response certainly contains no
 * secret. Otherwise returns the response, which is to become a problem document.
 */
export function passOnError(request: ForwardRequest, error: ErrorResponse, clock: Clock): ErrorResponse | undefined {
  const { status, headers, body, complete } = error.response
  // only text can be searched for secrets
  if (!request.plan.passthrough || !isText(body, headersByName(headers))) return error
  const { response, exchange } = request
  sendHead(request, error.base, error.response, clock)
  noteSent(exchange, body, status)
  response.write(body)
  if (complete) response.end()
  else breakOff(response, headers)
  return undefined
}

/** An attempt without a usable response: the failure for the retry policy, and the problem for the client. */
export interface FailedAttempt {
  readonly failure: AttemptFailure
  readonly problem: Problem
}

/**
 * Explains why an attempt at `base` failed. `wasPooled` means that it used a pooled connection and received nothing.
 */
export function explainFailure(
  error: unknown,
  { base, repeating, wasPooled }: { base: UpstreamBase; repeating: Repeating; wasPooled: boolean },
): FailedAttempt {
  const { nature, maybeSent, detail } = explainNetworkError(error, new URL(base.origin).host)
  const failure = failureOf(error, maybeSent, wasPooled)
  const retryable = isRetryable(failure, repeating)
  return { failure, problem: new Problem(`upstream-${nature}`, detail, { cause: error, retryable }) }
}

function failureOf(error: unknown, maybeSent: boolean, wasPooled: boolean): AttemptFailure {
  if (error instanceof UnprocessedError) return 'unprocessed'
  if (!maybeSent) return 'not-sent'
  return wasPooled && errorCodes(error).some(code => BROKEN.has(code)) ? 'stale-connection' : 'no-response'
}
