/** The bounds of a backoff, in milliseconds. */
export interface BackoffBounds {
  /** The ceiling of the first wait. */
  readonly base: number
  /** The ceiling that no wait exceeds. */
  readonly cap: number
}

/**
 * Exponential backoff with full jitter: a wait drawn evenly from 0 to `min(cap, base * 2^attempt)` milliseconds, so that
 * clients that failed together do not return together. `attempt` counts from 0; `random` is in [0, 1).
 */
export function fullJitter(attempt: number, { base, cap }: BackoffBounds, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(cap, base * 2 ** attempt))
}
