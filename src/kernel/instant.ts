import type { Clock } from './clock.ts'

/** A moment on both clocks. */
export interface Instant {
  readonly wall: number
  readonly monotonic: number
}

/** The moment that it is. */
export function instantOf(clock: Clock): Instant {
  return { wall: clock.now(), monotonic: clock.monotonic() }
}

/** The moment that is so many milliseconds later. */
export function later({ wall, monotonic }: Instant, milliseconds: number): Instant {
  return { wall: wall + milliseconds, monotonic: monotonic + milliseconds }
}

/**
 * Milliseconds between two moments, by whichever clock went further. The monotonic clock stands still while a machine
 * sleeps and wall time does not; when they disagree the longer one is believed, which costs a login or a request at worst,
 * where the shorter one would send a dead token, or serve an old answer.
 */
export function elapsed(from: Instant, to: Instant): number {
  return Math.max(to.monotonic - from.monotonic, to.wall - from.wall)
}
