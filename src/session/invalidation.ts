/** What is known when the API responds with 401 to the token that a session holds. */
export interface InvalidationFacts {
  /** Whether the response names the token as the reason. */
  readonly named: boolean
  /** Whether there are grounds for an auth call. */
  readonly grounded: boolean
  /** Whether the API has served a request with this token. */
  readonly proven: boolean
  /** Whether the request was already a retry after another 401. */
  readonly again: boolean
  /** Whether an auth call can be made now, or is in progress. */
  readonly callable: boolean
}

/**
 * Decides what to do with a token after a 401 response:
 *
 * - `drop` it: the API says that it is invalid, and nothing suggests otherwise.
 * - `doubt` it: the 401 may mean a missing permission, so the auth service is asked to extend the token, which shows
 *   whether it is valid.
 * - `keep` it: it was checked just now, or cannot be checked now. The client gets the 401.
 */
export function judgeInvalidation(facts: InvalidationFacts): 'drop' | 'doubt' | 'keep' {
  const { named, grounded, proven, again, callable } = facts
  if (!grounded) return named && !proven && !again ? 'drop' : 'keep'
  if (named) return 'drop'
  return callable ? 'doubt' : 'keep'
}
