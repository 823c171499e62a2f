import type { FailureNature } from '../auth/auth-failure.ts'
import type { SessionState } from './states.ts'

export type AuthCall = 'login' | 'extend'

/** What follows a failed call. */
export interface NextCall {
  /** How many calls have failed since the last that did not. */
  readonly attempt: number
  /** Milliseconds until the next. */
  readonly delay: number
  /** Whether a live token goes on serving meanwhile. */
  readonly isServing: boolean
}

/** What a session tells of itself as it happens. */
export interface SessionEvents {
  /** The state changed; `reason` is a sentence without secrets. A failed call is followed by another, unless the key is refused. */
  changed?(from: SessionState, to: SessionState, reason: string, next?: NextCall): void
  /** An auth call ended. */
  called?(call: AuthCall, outcome: 'ok' | FailureNature): void
}

/** A session as `/_proxy/status` shows it. Times are ISO 8601. */
export interface SessionStatus {
  readonly state: SessionState
  readonly generation: number
  /** Whole seconds that the token may still be sent. */
  readonly secondsLeft: number
  readonly lastRefresh: string | null
  readonly lastError: { readonly at: string; readonly reason: string } | null
}
