import type { Clock, Timer } from '../kernel/clock.ts'
import { elapsed, type Instant } from '../kernel/instant.ts'

/** Calls when it is time: a timer that knows, after the machine has slept, that its time has come. */
export class WakeTimer {
  readonly #clock: Clock
  readonly #ring: () => void
  #timer: Timer | undefined
  #set: { at: Instant; delay: number } | undefined

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Milliseconds until it rings, or rang last; by whichever clock says less: timers stand still in a sleep. */
  remaining(now: Instant): number {
    return this.#set ? this.#set.delay - elapsed(this.#set.at, now) : 0
  }

  /** Rings once `delay` milliseconds after that moment, and not when it was to ring before. */
  set(delay: number, now: Instant): void {
    this.clear()
    this.#set = { at: now, delay }
    this.#timer = this.#clock.setTimeout(this.#ring, delay)
  }

  clear(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
