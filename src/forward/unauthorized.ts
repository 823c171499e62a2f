import type { UpstreamError } from '../problem/problem.ts'

/** Reasons that name the token. Others that only sound like it may mean a permission. */
const TOKEN_REASONS = new Set([
  'token_expired',
  'token_invalid',
  'invalid_token',
  'expired_token',
  'jwt_expired',
  'jwt_invalid',
  'invalid_jwt',
])

/**
 * What the errors of an upstream's 401 say of the token: that it is no good (`token`), that it is good but lacks a
 * permission (`permission`), or nothing (`unknown`).
 */
export function meaningOf401(errors: readonly UpstreamError[]): 'token' | 'permission' | 'unknown' {
  const reasons = errors.flatMap(({ code, message }) => [normal(code), normal(message)])
  if (reasons.some(reason => TOKEN_REASONS.has(reason))) return 'token'
  return reasons.includes('unauthorized_access') ? 'permission' : 'unknown'
}

/**
 * Whether an answer shows that the token was good, to which the same request was answered 401 with another: the service
 * answered, and had nothing against either the token or how often it is asked.
 */
export function acceptsToken(status: number): boolean {
  return status < 500 && status !== 401 && status !== 429
}

/** `Token expired.` is `token_expired`. */
function normal(text: string | null): string {
  return (
    (text ?? '')
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('_') ?? ''
  )
}
