import type { Clock, Timer } from '../kernel/clock.ts'
import { elapsed, type Moment, momentOf } from '../kernel/moment.ts'

/** Calls when it is time: a timer that knows, after the machine has slept, that its time has come. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #timer: Timer | undefined
  #set: { at: Moment; delay: number } | undefined

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Milliseconds until it rings, or rang last; by whichever clock says less: timers stand still in a sleep. */
  get remaining(): number {
    return this.#set ? this.#set.delay - elapsed(this.#set.at, momentOf(this.#clock)) : 0
  }

  /** Rings once after `delay` milliseconds, and not when it was to ring before. */
  set(delay: number): void {
    this.clear()
    this.#set = { at: momentOf(this.#clock), delay }
    this.#timer = this.#clock.setTimeout(this.#ring, delay)
  }

  clear(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
