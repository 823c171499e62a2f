import type { FailureNature } from './failure.ts'

/**
 * - `idle`: nothing asked for yet.
 * - `authenticating`: a call is under way.
 * - `ready`: a live token, no call under way.
 * - `backing-off`: the last call failed; the next is due. A live token keeps serving.
 * - `rejected`: the credentials were refused; one probe every ten minutes.
 * - `closed`: for good.
 */
export type SessionState = 'idle' | 'authenticating' | 'ready' | 'backing-off' | 'rejected' | 'closed'

export type AuthCall = 'login' | 'extend'

/** What a session tells of itself as it happens. */
export interface SessionEvents {
  /** The state changed; `reason` is a sentence without secrets. */
  changed?(from: SessionState, to: SessionState, reason: string): void
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
  /** Calls of either kind so far, those that failed too. */
  readonly logins: number
  readonly extensions: number
}
