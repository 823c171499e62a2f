import { fullJitter } from '../../kernel/backoff.ts'

/** How long to wait after a failure, in milliseconds. */
const BOUNDS = { base: 1_000, cap: 60_000 }

/** Pauses between attempts to open a connection that no request waits for: longer after each failure in a row. */
export class Pause {
  #failures = 0
  #until = 0

  /** Whether to wait, at a time in monotonic milliseconds. */
  isOn(now: number): boolean {
    return now < this.#until
  }

  failed(now: number): void {
    this.#until = now + fullJitter(this.#failures++, BOUNDS)
  }

  succeeded(): void {
    this.#failures = 0
  }
}
