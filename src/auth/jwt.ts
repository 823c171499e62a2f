/** What an unknown lifetime counts as: the ten minutes that the vendor documents, in milliseconds. */
export const DEFAULT_LIFETIME = 10 * 60_000

/** No lifetime counts as longer than this, in milliseconds: a timer cannot hold more than 24.8 days. */
const MAX_LIFETIME = 24 * 60 * 60_000

/** A lifetime shorter than this, in milliseconds, is not believed: renewing it in time would hammer the vendor. */
const MIN_LIFETIME = 1000

/**
 * How long a token lives from its issue, in milliseconds: its `exp - iat` (RFC 7519, 4.1), which needs no agreement
 * between the vendor's clock and ours. Anything that cannot be read as such counts as {@link DEFAULT_LIFETIME}.
 * The signature is not looked at: the key is the vendor's.
 */
export function tokenLifetime(token: string): number {
  const { exp, iat } = claims(token)
  if (typeof exp !== 'number' || typeof iat !== 'number') return DEFAULT_LIFETIME
  const lifetime = (exp - iat) * 1000
  return lifetime >= MIN_LIFETIME ? Math.min(lifetime, MAX_LIFETIME) : DEFAULT_LIFETIME
}

function claims(token: string): { exp?: unknown; iat?: unknown } {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof payload === 'object' && payload !== null ? payload : {}
  } catch {
    return {}
  }
}
