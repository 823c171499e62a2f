import type { FailureNature } from '../auth/auth-failure.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Lease } from './lease.ts'
import type { SessionState } from './states.ts'

/** The two auth calls, as they are named in metrics. */
export type AuthCall = 'login' | 'extend'

/** The next auth call after a failed one. */
export interface NextCall {
  /** How many calls in a row have failed. */
  readonly attempt: number
  /** Milliseconds until the next call. */
  readonly delay: number
  /** Whether a live token still serves requests. */
  readonly isServing: boolean
}

/** Callbacks for what happens to a session. */
export interface SessionEvents {
  /** The state changed. `reason` contains no secret. `next` is set after a failed call, unless the key was rejected. */
  changed?(from: SessionState, to: SessionState, reason: string, next?: NextCall): void
  /** An auth call ended. */
  called?(call: AuthCall, outcome: 'ok' | FailureNature): void
  /** The session has tried to get a token with this access key. `lease` is of its live token, if it has one. */
  keyUsed?(accessKeyId: Secret, lease: Lease | undefined): void
}

/** A session in `/_proxy/status`. Times are in ISO 8601. */
export interface SessionStatus {
  readonly state: SessionState
  readonly generation: number
  /** For how many whole seconds the token may still be sent. */
  readonly secondsLeft: number
  readonly lastRefresh: string | null
  readonly lastError: { readonly at: string; readonly reason: string } | null
}
