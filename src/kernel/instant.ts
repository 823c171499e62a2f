import type { Clock } from './clock.ts'

/** The length of a day, in milliseconds. */
export const DAY = 24 * 60 * 60 * 1000

/** A point in time on both clocks of {@link Clock}, in milliseconds. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

/** Reads both clocks and returns the current instant. */
export function instantOf(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}

/** Returns the instant that is `milliseconds` later. */
export function later({ wall, monotonic }: Instant, milliseconds: number): Instant {
  return { wall: wall + milliseconds, monotonic: monotonic + milliseconds }
}

/**
 * Returns the milliseconds between two instants, by the clock that advanced further. The monotonic clock stops while
 * the machine sleeps and wall time does not. Taking the longer time costs an extra login or request at worst; taking
 * the shorter one could send an expired token or serve a stale response.
 */
export function elapsed(from: Instant, to: Instant): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall)
}
