/** What is known when the upstream answers 401 to the token that a session holds. */
export interface InvalidationFacts {
  /** Whether the answer names the token as its reason. */
  readonly named: boolean
  /** Whether there are grounds for a call. */
  readonly grounded: boolean
  /** Whether the upstream has served a request with this very token. */
  readonly proven: boolean
  /** Whether the request was sent again already, after another 401. */
  readonly again: boolean
  /** Whether a call may be made, or is under way. */
  readonly callable: boolean
}

/**
 * What to do with the token:
 *
 * - `drop` it: the upstream says that it is no good, and nothing speaks for it.
 * - `doubt` it: it may be a permission in disguise, so the auth service is asked, by an extension, what it is worth.
 * - `keep` it: that was found out a moment ago, or cannot be found out now. The 401 is the client's.
 */
export function judgeInvalidation(facts: InvalidationFacts): 'drop' | 'doubt' | 'keep' {
  const { named, grounded, proven, again, callable } = facts
  if (!grounded) return named && !proven && !again ? 'drop' : 'keep'
  if (named) return 'drop'
  return callable ? 'doubt' : 'keep'
}
