import type { Clock } from '../../kernel/clock.ts'

/** How long a call that no request waits for may wait for the store of a fleet, in milliseconds. */
const LONGEST = 1_000

/** Decides how long an auth call may wait for the store of a fleet: only as long as no request waits for its token. */
export class Patience {
  readonly #clock: Clock
  #requests = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Settles as `wait` does, during which a request waits for a token. */
  async hurried<T>(wait: Promise<T>): Promise<T> {
    this.#requests++
    return wait.finally(() => this.#requests--)
  }

  /**
   * Returns a function that tells whether a call that begins now has become urgent: a request waits, or the call has
   * waited for a second, or for half the milliseconds that the current token has `left`, if there is one.
   */
  begin(left: number): () => boolean {
    const end = this.#clock.monotonic() + (left > 0 ? Math.min(LONGEST, left / 2) : LONGEST)
    return () => this.#requests > 0 || this.#clock.monotonic() >= end
  }
}
