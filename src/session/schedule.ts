import type { AuthFailure } from '../auth/auth-failure.ts'
import { fullJitter } from '../kernel/backoff.ts'
import { elapsed, type Instant, later } from '../kernel/instant.ts'

/** How long before it expires a token is extended, in milliseconds, unless half its lifetime ends later than that. */
const LEAD = 3 * 60_000

/**
 * The fraction of a lifetime over which extensions are spread, so that proxies started together do not call together.
 */
const JITTER = 0.1

/** How long before it expires a token is no longer sent, in milliseconds, so that it does not expire on its way. */
const EXPIRY_MARGIN = 5_000

/** The largest fraction of a lifetime that the expiry margin may take, for short-lived tokens. */
const EXPIRY_MARGIN_PART = 0.25

/** The backoff after failed calls, in milliseconds. */
const BACKOFF = { base: 500, cap: 60_000 }

/** How long to wait after the access key was rejected, in milliseconds: too many attempts may lock the key. */
const PROBE_INTERVAL = 10 * 60_000

/** Returns the milliseconds from a failed call to the next. `attempt` is the number of failures before this one. */
export function retryDelay({ nature, retryAfter }: AuthFailure, attempt: number, random: () => number): number {
  return nature === 'rejected' ? PROBE_INTERVAL : Math.max(retryAfter, fullJitter(attempt, BACKOFF, random))
}

/**
 * Returns when to extend a token, in milliseconds after it arrived: at half its lifetime or three minutes before it
 * expires, whichever is later, minus a jitter of up to 10 % of the lifetime. `random` is in [0, 1).
 */
export function extensionDelay(lifetime: number, random: number): number {
  return Math.max(lifetime / 2, lifetime - LEAD) - random * JITTER * lifetime
}

/** Returns how long a token may be sent, in milliseconds since it was requested. */
export function usableLife(lifetime: number): number {
  return lifetime - Math.min(EXPIRY_MARGIN, lifetime * EXPIRY_MARGIN_PART)
}

/**
 * Returns when to stop sending a token. It was issued after `requestedAt`, so it lives at least `lifetime` from then.
 */
export function endOf(lifetime: number, requestedAt: Instant): Instant {
  return later(requestedAt, usableLife(lifetime))
}

/** Returns how many milliseconds a token may still be sent: 0 if it has expired. */
export function timeLeft(end: Instant, now: Instant): number {
  return Math.max(0, -elapsed(end, now))
}
