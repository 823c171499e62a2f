import type { Clock, Timer } from '../../src/kernel/clock.ts'

interface Pending {
  readonly at: number
  readonly run: () => void
}

/** Has everything that it is given happen later, in order. */
export class Delay {
  readonly #clock: Clock
  readonly #ms: number
  readonly #opensAt: number
  readonly #pending: Pending[] = []
  #timer: Timer | undefined

  /** Everything happens `ms` milliseconds later; what comes in the first `closedFor`, as if it came at their end. */
  constructor(clock: Clock, ms: number, closedFor = 0) {
    this.#clock = clock
    this.#ms = ms
    this.#opensAt = clock.monotonic() + closedFor
  }

  add(run: () => void): void {
    this.#pending.push({ at: Math.max(this.#clock.monotonic(), this.#opensAt) + this.#ms, run })
    if (this.#pending.length === 1) this.#wait()
  }

  /** Has what did not happen yet never happen. */
  cancel(): void {
    this.#pending.length = 0
    this.#wait()
  }

  #wait(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    const [next] = this.#pending
    this.#timer = next && this.#clock.setTimeout(() => this.#fire(), next.at - this.#clock.monotonic())
  }

  #fire(): void {
    for (let next = this.#pending[0]; next && next.at <= this.#clock.monotonic(); next = this.#pending[0]) {
      next.run()
      this.#pending.shift()
    }
    this.#wait()
  }
}
