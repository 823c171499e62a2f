import type { UpstreamError } from '../problem/problem.ts'

/** What a response says of the token that the request carried: that it is good, that it is not, or nothing. */
export type TokenVerdict = 'good' | 'bad' | 'none'

/** Reasons that name the token. Others that only sound like it may mean a permission. */
const BAD_TOKEN = new Set([
  'token_expired',
  'token_invalid',
  'invalid_token',
  'expired_token',
  'jwt_expired',
  'jwt_invalid',
  'invalid_jwt',
])

/** The reason for a permission that the token's role lacks. */
const NO_PERMISSION = 'unauthorized_access'

/** What the errors of a response with status 401 say of the token: by their codes and messages, in any spelling. */
export function tokenVerdict(errors: readonly UpstreamError[]): TokenVerdict {
  const reasons = errors.flatMap(({ code, message }) => [normal(code), normal(message)])
  if (reasons.some(reason => BAD_TOKEN.has(reason))) return 'bad'
  return reasons.includes(NO_PERMISSION) ? 'good' : 'none'
}

/**
 * Whether the status of a response shows that the token is good: the API handled the request, and objected neither to the
 * token nor to how often it is asked.
 */
export function acceptsToken(status: number): boolean {
  return status < 500 && status !== 401 && status !== 429
}

/** `Token expired.` becomes `token_expired`. */
function normal(text: string | null): string {
  return (
    (text ?? '')
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('_') ?? ''
  )
}
