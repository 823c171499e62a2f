import { headersByName } from '../http/raw-headers.ts'
import type { Problem } from '../problem/problem.ts'
import { isText } from '../upstream-errors/body.ts'
import { readUpstream } from '../upstream-errors/read.ts'
import type { UpstreamBase } from './location.ts'
import type { CollectedResponse } from './response-body.ts'

/** What the upstream answered with an error, to be told to the client as a problem. */
export interface ErrorResponse {
  readonly home: UpstreamBase
  readonly answer: CollectedResponse
  /** Whether the client's request may be done twice, or was not even sent. */
  readonly repeatable: boolean
}

/** The problem that a refusal is. `now` is the wall time in milliseconds. */
export function readErrorResponse({ home, answer, repeatable }: ErrorResponse, now: number): Problem {
  const { status, body, complete } = answer
  const headers = headersByName(answer.headers)
  return readUpstream({ host: new URL(home.origin).host, repeatable, status, headers, body, complete }, now)
}

/** Whether all that an error says can be read, so that it is known to hold no secret once those found were taken out. */
export function isReadable({ headers, body }: CollectedResponse): boolean {
  return isText(body, headersByName(headers))
}
