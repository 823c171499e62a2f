// Everything that one simulator keeps between requests.

import type { FaultQueue } from './faults/faults.ts'
import type { RateLimiter } from './rate-limits.ts'
import type { RequestLog } from './request-log.ts'
import type { Tokens } from './tokens.ts'
import type { SimulatorUser } from './users.ts'

/** The state of one simulator, which routes and control calls read and change. */
export interface SimulatorState {
  /** The scheme of the URLs in responses. */
  readonly scheme: 'http' | 'https'
  /** The API's clock, which may be off: milliseconds since the epoch. */
  readonly now: () => number
  readonly users: readonly SimulatorUser[]
  readonly tokens: Tokens
  readonly limits: RateLimiter
  readonly faults: FaultQueue
  readonly log: RequestLog
}
