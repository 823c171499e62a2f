/** The lifetime of a token that states none, in milliseconds: ten minutes, as the API documentation says. */
export const DEFAULT_LIFETIME = 10 * 60_000

/** The longest lifetime to accept, in milliseconds. A Node.js timer can run for at most 24.8 days. */
const MAX_LIFETIME = 24 * 60 * 60_000

/**
 * The shortest plausible lifetime, in milliseconds. Extending shorter-lived tokens in time would flood the auth
 * service.
 */
const MIN_LIFETIME = 1000

/**
 * Returns how long a token is valid after it was issued, in milliseconds: `exp - iat` (RFC 7519, 4.1.4 and 4.1.6),
 * which does not depend on this machine's clock, and at most 24 hours. A token without such claims, or with a lifetime
 * under a second, gets {@link DEFAULT_LIFETIME}. The signature is not verified, because only Prisma Cloud has the key.
 */
export function tokenLifetime(token: string): number {
  const { exp, iat } = claims(token)
  if (typeof exp !== 'number' || typeof iat !== 'number') return DEFAULT_LIFETIME
  const lifetime = (exp - iat) * 1000
  return lifetime >= MIN_LIFETIME ? Math.min(lifetime, MAX_LIFETIME) : DEFAULT_LIFETIME
}

/** Returns the user that a token names (RFC 7519, 4.1.2), if it names one. */
export function tokenUser(token: string): string | undefined {
  const { sub } = claims(token)
  return typeof sub === 'string' && sub !== '' ? sub : undefined
}

function claims(token: string): { exp?: unknown; iat?: unknown; sub?: unknown } {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof payload === 'object' && payload !== null ? payload : {}
  } catch {
    return {}
  }
}
