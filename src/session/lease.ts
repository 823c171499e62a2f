import type { Instant } from '../kernel/instant.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Api } from '../stacks/resolve.ts'

/** A token for one request, with the only API that it may be sent to. */
export interface Lease {
  readonly token: Secret
  /** The user that the token names, or else the access key id: rate limits are per user. */
  readonly user: Secret | undefined
  /** The API that issued the token. */
  readonly api: Api
  /** When to stop sending the token, a little before it expires. */
  readonly end: Instant
  /** An id of the session, and so of one user. */
  readonly session: string
  /** The number of this token in its session, from 1. */
  readonly generation: number
  /** Notes that the API served an operation with this token. The sender of the request calls it. */
  served(operation: string): void
}
