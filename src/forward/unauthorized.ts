import { redlockStatus } from '../problem/redlock-status.ts'

/**
 * What an upstream's 401 says of the token: that it is no good (`token`), that it is good but lacks a permission
 * (`permission`), or nothing (`unknown`). The reason stands in `x-redlock-status`, if anywhere.
 */
export function meaningOf401(status: string | undefined): 'token' | 'permission' | 'unknown' {
  const codes = redlockStatus(status).map(({ code }) => String(code))
  if (codes.some(code => /token|jwt|session/i.test(code))) return 'token'
  return codes.includes('unauthorized_access') ? 'permission' : 'unknown'
}
