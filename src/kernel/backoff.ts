/** The bounds of an exponential backoff, in milliseconds. */
export interface BackoffBounds {
  /** The longest possible first wait. */
  readonly base: number
  /** The longest possible wait after any number of attempts. */
  readonly cap: number
}

/**
 * Returns the next wait of an exponential backoff with full jitter: a random number of milliseconds, uniform between 0
 * and `min(cap, base * 2^attempt)`. The jitter keeps clients that failed together from retrying together. `attempt`
 * counts from 0; `random` returns a number in [0, 1).
 */
export function fullJitter(attempt: number, { base, cap }: BackoffBounds, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(cap, base * 2 ** attempt))
}
