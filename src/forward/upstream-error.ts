import { headersByName } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Problem } from '../problem/problem.ts'
import { isRetryable, type Repeating } from '../retry/retry-policy.ts'
import { isText } from '../upstream-errors/body.ts'
import { readUpstream } from '../upstream-errors/read.ts'
import type { ForwardRequest } from './forward-request.ts'
import { clientHeaders } from './headers/headers.ts'
import type { UpstreamBase } from './headers/location.ts'
import { breakOff, type CollectedResponse } from './response-body.ts'
import { sendHead } from './response-head.ts'

/** Headers that describe a body which a problem document replaces; the `content-range` of a 416 says what was asked for. */
const OF_THE_BODY = /^(content-(?!range$)|etag$|last-modified$|accept-ranges$|date$)/

/** An error with which the upstream responded, to be told to the client. */
export interface ErrorResponse {
  readonly base: UpstreamBase
  readonly response: CollectedResponse
  /** What repeating the client's request does: nothing if it was not even sent. */
  readonly repeating: Repeating
}

/** The problem that an error response is for the client. `now` is the wall time in milliseconds. */
export function problemOfError({ base, response, repeating }: ErrorResponse, now: number): Problem {
  const { status, body, complete } = response
  const retryable = isRetryable(status, repeating)
  const host = new URL(base.origin).host
  return readUpstream({ host, retryable, status, headers: headersByName(response.headers), body, complete }, now)
}

/** The headers of an error response that go along with its problem document, by their lower-case names. */
export function problemHeaders({ base, response }: ErrorResponse): [name: string, value: string | string[]][] {
  const all = Object.entries(headersByName(clientHeaders(response.headers, base)))
  return all.filter(([name]) => !OF_THE_BODY.test(name))
}

/**
 * Passes an error response on as it came, if the client asked for that and the response is sure to hold no secret; else
 * gives it back, to be told as a problem.
 */
export function passOnError(request: ForwardRequest, error: ErrorResponse, clock: Clock): ErrorResponse | undefined {
  const { headers, body, complete } = error.response
  // only text can be searched for secrets
  if (!request.plan.passthrough || !isText(body, headersByName(headers))) return error
  const { response, exchange } = request
  exchange.bytes = body.length
  sendHead(request, error.base, error.response, clock)
  response.write(body)
  if (complete) response.end()
  else breakOff(response, headers)
  return undefined
}
