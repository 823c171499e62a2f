import type { UpstreamError } from '../problem/problem.ts'

/** What a response says about the token of its request: that it is good, that it is bad, or nothing. */
export type TokenVerdict = 'good' | 'bad' | 'none'

/** Reasons that name the token. Others that merely sound similar may refer to a permission. */
const BAD_TOKEN = new Set([
  'token_expired',
  'token_invalid',
  'invalid_token',
  'expired_token',
  'jwt_expired',
  'jwt_invalid',
  'invalid_jwt',
])

/** The reason given when the token's role lacks a permission. */
const NO_PERMISSION = 'unauthorized_access'

/** Returns what the errors of a 401 response say about the token, by their codes and messages in any spelling. */
export function tokenVerdict(errors: readonly UpstreamError[]): TokenVerdict {
  const reasons = errors.flatMap(({ code, message }) => [normal(code), normal(message)])
  if (reasons.some(reason => BAD_TOKEN.has(reason))) return 'bad'
  return reasons.includes(NO_PERMISSION) ? 'good' : 'none'
}

/**
 * Whether the status of a response shows that the token is good: the API handled the request, and objected neither to
 * the token nor to the rate of requests.
 */
export function acceptsToken(status: number): boolean {
  return status < 500 && status !== 401 && status !== 429
}

/** Normalizes a reason: `Token expired.` becomes `token_expired`. */
function normal(text: string | null): string {
  return (
    (text ?? '')
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('_') ?? ''
  )
}
