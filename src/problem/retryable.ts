/** Answers that promise nothing was done, so that any method may be repeated (RFC 9110, 15.5.9; RFC 8470; RFC 6585). */
const RETRYABLE = new Set([408, 425, 429, 503])

/** Answers after which something may have been done. */
const RETRYABLE_IF_IDEMPOTENT = new Set([500, 502, 504])

const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** Whether doing a request twice does no more than doing it once (RFC 9110, 9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT_METHODS.has(method)
}

/**
 * Whether the same request may succeed later after an answer with `status`, without harm from its being
 * sent twice. Without a method, that of a request which may not be repeated is assumed.
 */
export function isRetryable(status: number, method = ''): boolean {
  return RETRYABLE.has(status) || (RETRYABLE_IF_IDEMPOTENT.has(status) && isIdempotent(method))
}
