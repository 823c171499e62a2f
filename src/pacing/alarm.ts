import type { Clock, Timer } from '../kernel/clock.ts'

/** A timer that is set again and again. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #timer: Timer | undefined

  /** Calls `ring` whenever the time is over. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Whether the time is running. */
  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Rings after `ms` milliseconds, instead of any earlier setting. Does nothing if that is now. */
  set(ms: number): void {
    this.clear()
    if (ms <= 0) return
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.#ring()
    }, ms)
  }

  /** Stops the time, without ringing. */
  clear(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
