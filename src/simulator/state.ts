import type { FaultQueue } from './faults/faults.ts'
import type { RateLimiter } from './rate-limits.ts'
import type { RequestLog } from './request-log.ts'
import type { Tokens } from './tokens.ts'
import type { SimulatorUser } from './users.ts'

/** Everything that one simulator knows. */
export interface SimulatorState {
  /** The scheme of its addresses. */
  readonly scheme: 'http' | 'https'
  /** The vendor's clock, which may differ from everybody else's: milliseconds since the epoch. */
  readonly now: () => number
  readonly users: readonly SimulatorUser[]
  readonly tokens: Tokens
  readonly limits: RateLimiter
  readonly faults: FaultQueue
  readonly log: RequestLog
}
