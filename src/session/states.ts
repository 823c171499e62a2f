/**
 * The state of a session. A live token serves requests in every state but `idle` and `closed`.
 *
 * - `idle`: no request has needed a token yet, or none for a long time.
 * - `authenticating`: an auth call is in progress.
 * - `ready`: there is a live token and no call in progress.
 * - `backing-off`: the last call failed, or the next one must wait. It is scheduled.
 * - `rejected`: the access key was rejected. It is tried again every ten minutes.
 * - `closed`: the session has ended for good.
 */
export type SessionState = 'idle' | 'authenticating' | 'ready' | 'backing-off' | 'rejected' | 'closed'

/**
 * The events that change the state of a session:
 *
 * - `called`: an auth call begins, because a request needs a token, an extension or retry is due, or a token is in
 *   doubt.
 * - `issued`: the call returned a token.
 * - `failed`: the call failed and may succeed later.
 * - `refused`: the call failed because the access key was rejected.
 * - `postponed`: the API rejected the token too soon after it had rejected another.
 * - `rested`: an extension was due, but no request has needed the token for a long time.
 * - `closed`: the owner closed the session.
 */
export type SessionEvent = 'called' | 'issued' | 'failed' | 'refused' | 'postponed' | 'rested' | 'closed'

/**
 * The state machine of a session: for each state, the events that may happen and the states they lead to.
 *
 * ```mermaid
 * stateDiagram-v2
 *   [*] --> idle
 *   idle --> authenticating: called
 *   authenticating --> ready: issued
 *   authenticating --> backing-off: failed
 *   authenticating --> rejected: refused
 *   ready --> authenticating: called
 *   ready --> backing-off: postponed
 *   ready --> idle: rested
 *   backing-off --> authenticating: called
 *   rejected --> authenticating: called
 *   idle --> closed: closed
 *   authenticating --> closed: closed
 *   ready --> closed: closed
 *   backing-off --> closed: closed
 *   rejected --> closed: closed
 *   closed --> [*]
 * ```
 */
export const transitions: Readonly<Record<SessionState, Readonly<Partial<Record<SessionEvent, SessionState>>>>> = {
  idle: { called: 'authenticating', closed: 'closed' },
  authenticating: { issued: 'ready', failed: 'backing-off', refused: 'rejected', closed: 'closed' },
  ready: { called: 'authenticating', postponed: 'backing-off', rested: 'idle', closed: 'closed' },
  'backing-off': { called: 'authenticating', closed: 'closed' },
  rejected: { called: 'authenticating', closed: 'closed' },
  closed: {},
}

/** Returns the state after `event`. Throws an Error if the event cannot happen in `state`. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  const nextState = transitions[state][event]
  if (nextState === undefined) throw new Error(`invalid session event: ${event} in state ${state}`)
  return nextState
}
