import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { type Waiter, waitIn } from '../kernel/waiter.ts'
import { Problem } from '../problem/problem.ts'

/** More requests than this never wait for one session. */
const MAX_WAITERS = 10_000

/** Callers that wait for the same thing, each with its own deadline and signal. */
export class Waiters<T> {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiter<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Waits until {@link Waiters.resolve} or {@link Waiters.reject}, `ms` milliseconds (then rejects with `timedOut()`),
   * or until `signal` aborts (then rejects with its reason).
   * @throws {Problem} `overloaded` when too many wait already.
   */
  async wait(ms: number, timedOut: () => Problem, signal?: EndSignal): Promise<T> {
    if (this.#waiting.size >= MAX_WAITERS) {
      throw new Problem('overloaded', 'Too many requests wait for a session')
    }
    return waitIn(this.#waiting, this.#clock, {
      ms,
      timedOut: waiter => waiter.reject(timedOut()),
      signal,
    })
  }

  /** Serves all who wait. */
  resolve(value: T): void {
    for (const waiter of this.#waiting) waiter.resolve(value)
  }

  /** Refuses all who wait. */
  reject(reason: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(reason)
  }
}
