import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { type Waiter, waitIn } from '../kernel/waiter.ts'
import { Problem } from '../problem/problem.ts'

/** The most requests that wait for one session. */
const MAX_WAITERS = 10_000

/** Callers that wait for the same value, each with its own timeout and signal. */
export class Waiters<T> {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiter<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Waits until {@link Waiters.resolve} or {@link Waiters.reject} is called. After `ms` milliseconds it rejects with
   * `timedOut()`; when `signal` aborts, with its reason.
   * @throws {Problem} `overloaded` if 10,000 callers are already waiting
   */
  async wait(ms: number, timedOut: () => Problem, signal?: EndSignal): Promise<T> {
    if (this.#waiting.size >= MAX_WAITERS) {
      throw new Problem('overloaded', 'Too many requests are waiting for a session')
    }
    return waitIn(this.#waiting, this.#clock, {
      ms,
      timedOut: waiter => waiter.reject(timedOut()),
      signal,
    })
  }

  /** Resolves every waiting caller. */
  resolve(value: T): void {
    for (const waiter of this.#waiting) waiter.resolve(value)
  }

  /** Rejects every waiting caller. */
  reject(reason: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(reason)
  }
}
