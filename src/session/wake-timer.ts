import type { Clock, Timer } from '../kernel/clock.ts'
import { elapsed, type Instant } from '../kernel/instant.ts'

/** A timer that can tell, after the machine has slept, that it should have fired. */
export class WakeTimer {
  readonly #clock: Clock
  readonly #wake: () => void
  #timer: Timer | undefined
  #set: { at: Instant; delay: number } | undefined

  /** `wake` is called when the timer fires. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
  }

  /**
   * Milliseconds until the timer should fire; negative if it should have fired already. Uses the clock with the lower
   * result, because timers stop while the machine sleeps.
   */
  remaining(now: Instant): number {
    return this.#set ? this.#set.delay - elapsed(this.#set.at, now) : 0
  }

  /** Fires once, `delay` milliseconds after `now`. Replaces any earlier setting. */
  set(delay: number, now: Instant): void {
    this.clear()
    this.#set = { at: now, delay }
    this.#timer = this.#clock.setTimeout(this.#wake, delay)
  }

  clear(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
