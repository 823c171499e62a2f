/** Answers that promise nothing was done (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4). */
const NOT_DONE = new Set([408, 425, 429])

/** Answers that a gateway may also give after it passed the request on, and that may be others soon. */
const MAYBE_DONE = new Set([500, 502, 503, 504])

/**
 * Whether a request that was answered with `status` may be sent again as it is: that does no more than sending it once, and
 * may succeed. `repeatable` says whether the request may be done twice.
 */
export function isRetryable(status: number, repeatable: boolean): boolean {
  return NOT_DONE.has(status) || (MAYBE_DONE.has(status) && repeatable)
}
