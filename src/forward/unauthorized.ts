import { redlockStatus } from '../problem/redlock-status.ts'

/** Keys that name the token. Others that only sound like it may mean a permission. */
const TOKEN_KEYS = new Set([
  'token_expired',
  'token_invalid',
  'invalid_token',
  'expired_token',
  'jwt_expired',
  'jwt_invalid',
  'invalid_jwt',
])

/**
 * What an upstream's 401 says of the token: that it is no good (`token`), that it is good but lacks a permission
 * (`permission`), or nothing (`unknown`). The reason stands in `x-redlock-status`, if anywhere.
 */
export function meaningOf401(status: string | undefined): 'token' | 'permission' | 'unknown' {
  const codes = redlockStatus(status).map(({ code }) => String(code))
  if (codes.some(code => TOKEN_KEYS.has(code.toLowerCase()))) return 'token'
  return codes.includes('unauthorized_access') ? 'permission' : 'unknown'
}
