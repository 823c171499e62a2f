import type { Clock, Timer } from '../../kernel/clock.ts'

/** Expires when nothing happens for too long. It sets one timer for many events, so that an event costs little. */
export class IdleTimer {
  readonly #clock: Clock
  #timer: Timer | undefined
  #timeout = 0
  #since = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `expire` once nothing has happened for `timeout` milliseconds; never if that is 0. Ends an earlier wait. */
  start(timeout: number, expire: () => void): void {
    this.stop()
    this.#timeout = timeout
    this.happened()
    if (timeout > 0) this.#wait(timeout, expire)
  }

  /** Begins the wait anew. */
  happened(): void {
    this.#since = this.#clock.monotonic()
  }

  stop(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(ms: number, expire: () => void): void {
    this.#timer = this.#clock.setTimeout(() => {
      const left = this.#since + this.#timeout - this.#clock.monotonic()
      if (left > 0) this.#wait(left, expire)
      else expire()
    }, ms)
  }
}
