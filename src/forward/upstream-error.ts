import { headersByName } from '../http/raw-headers.ts'
import type { Problem } from '../problem/problem.ts'
import { isText } from '../upstream-errors/body.ts'
import { readUpstream } from '../upstream-errors/read.ts'
import type { Home } from './location.ts'
import type { Collected } from './response-body.ts'

/** What the upstream answered with an error, to be told to the client as a problem. */
export interface Refusal {
  readonly home: Home
  readonly answer: Collected
  /** Whether the client's request may be done twice, or was not even sent. */
  readonly repeatable: boolean
}

/** The problem that a refusal is. `now` is the wall time in milliseconds. */
export function readRefusal({ home, answer, repeatable }: Refusal, now: number): Problem {
  const { status, body, complete } = answer
  const headers = headersByName(answer.headers)
  return readUpstream({ host: new URL(home.api).host, repeatable, status, headers, body, complete }, now)
}

/** Whether all that an error says can be read, so that it is known to hold no secret once those found were taken out. */
export function isReadable({ headers, body }: Collected): boolean {
  return isText(body, headersByName(headers))
}
