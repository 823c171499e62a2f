/** What is known when the upstream answers 401 to the token that a session holds. */
export interface InvalidationFacts {
  /** Whether the answer names the token as its reason. */
  readonly named: boolean
  /** Whether a 401 caused a call less than {@link RENEWAL_INTERVAL} ago. */
  readonly lately: boolean
  /** Whether the upstream has served a request with this very token. */
  readonly accepted: boolean
  /** Whether a call may be made, or is under way. */
  readonly callable: boolean
}

/** Calls that a 401 causes are at least this far apart, in milliseconds: a permission must not become a storm of logins. */
export const RENEWAL_INTERVAL = 60_000

/**
 * What to do with the token:
 *
 * - `drop` it: the upstream says that it is no good, and nothing speaks for it.
 * - `doubt` it: it may be a permission in disguise, so the auth service is asked, by an extension, what it is worth.
 * - `keep` it: that was found out a moment ago, or cannot be found out now. The 401 is the client's.
 */
export function judgeInvalidation({ named, lately, accepted, callable }: InvalidationFacts): 'drop' | 'doubt' | 'keep' {
  if (lately) return named && !accepted ? 'drop' : 'keep'
  if (named) return 'drop'
  return callable ? 'doubt' : 'keep'
}
