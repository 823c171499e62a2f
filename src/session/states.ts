/**
 * - `idle`: nothing asked for yet, or not for so long that the session rests.
 * - `authenticating`: a call is under way. A live token keeps serving.
 * - `ready`: a live token, no call under way.
 * - `backing-off`: the last call failed, or the next must wait; it is due. A live token keeps serving.
 * - `rejected`: the credentials were refused; one probe every ten minutes. A live token keeps serving.
 * - `closed`: for good.
 */
export type SessionState = 'idle' | 'authenticating' | 'ready' | 'backing-off' | 'rejected' | 'closed'

/**
 * What moves a session on:
 *
 * - `called`: a call begins, because a request needs a token, an extension or retry is due, or a token fell in doubt.
 * - `issued`, `failed`, `refused`: it ended with a token, for now without one, or by the vendor's word on the key.
 * - `postponed`: the upstream refused the token too soon after it had refused another.
 * - `rested`: an extension was due that nobody needs.
 * - `closed`: its owner let it go.
 */
export type SessionEvent = 'called' | 'issued' | 'failed' | 'refused' | 'postponed' | 'rested' | 'closed'

/**
 * The state machine of a session:
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

/** The state that follows. Throws where the event cannot happen. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  const following = transitions[state][event]
  if (following === undefined) throw new Error(`a session that is ${state} cannot be ${event}`)
  return following
}
