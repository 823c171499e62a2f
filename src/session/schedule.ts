import type { AuthFailure } from '../auth/auth-failure.ts'
import { fullJitter } from '../kernel/backoff.ts'
import { elapsed, type Instant, later } from '../kernel/instant.ts'

/** A token is extended this long before its end, in milliseconds, unless half its life is later than that. */
const LEAD = 3 * 60_000

/** The part of a lifetime over which extensions are spread, so that proxies started together do not call together. */
const JITTER = 0.1

/** A token counts as dead this long before its end, in milliseconds, so that it does not die on its way. */
const EXPIRY_MARGIN = 5_000

/** The same for short lives: the part of the lifetime that is given up. */
const EXPIRY_MARGIN_PART = 0.25

/** The bounds of the wait after a failed call, in milliseconds. */
const BACKOFF = { base: 500, cap: 60_000 }

/** After a refusal of the credentials nothing is asked for this long, in milliseconds: a hammered key may be locked. */
const PROBE_INTERVAL = 10 * 60_000

/** How long after a failed call the next is made, in milliseconds. `attempt` counts the failures before it, from 0. */
export function retryDelay({ nature, retryAfter }: AuthFailure, attempt: number, random: () => number): number {
  return nature === 'rejected' ? PROBE_INTERVAL : Math.max(retryAfter, fullJitter(attempt, BACKOFF, random))
}

/**
 * When to extend a token, in milliseconds after its arrival: at the later of half its life and three minutes before
 * its end, less a jitter. `random` is in [0, 1).
 */
export function extensionDelay(lifetime: number, random: number): number {
  return Math.max(lifetime / 2, lifetime - LEAD) - random * JITTER * lifetime
}

/** How long a token may be sent, in milliseconds after it was asked for. */
export function usableLife(lifetime: number): number {
  return lifetime - Math.min(EXPIRY_MARGIN, lifetime * EXPIRY_MARGIN_PART)
}

/** When a token dies. It was issued after it was asked for, so it lives for `lifetime` from then at the least. */
export function endOf(lifetime: number, asked: Instant): Instant {
  return later(asked, usableLife(lifetime))
}

/** Milliseconds for which a token may still be sent, 0 when it is dead. */
export function timeLeft(end: Instant, now: Instant): number {
  return Math.max(0, -elapsed(end, now))
}
