import type { Instant } from '../kernel/instant.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Api } from '../stacks/resolve.ts'

/** What a request carries: the token, and where alone it may be sent. */
export interface Lease {
  readonly token: Secret
  /** The API that issued the token. */
  readonly api: Api
  /** Until when it may be sent. */
  readonly end: Instant
  /** The session that it is of, which is that of one user. */
  readonly session: string
  /** Counts the tokens of one session from 1. */
  readonly generation: number
  /** Notes that the API has served a request for an operation with it: said by whoever sees that. */
  served(operation: string): void
}
