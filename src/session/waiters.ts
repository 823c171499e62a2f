import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import { Problem } from '../problem/problem.ts'

/** More requests than this never wait for one session. */
const MAX_WAITERS = 10_000

interface Waiter<T> {
  resolve(value: T): void
  reject(reason: unknown): void
}

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
  wait(ms: number, timedOut: () => Problem, signal?: EndSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.#waiting.size >= MAX_WAITERS) {
        return reject(new Problem('overloaded', 'Too many requests wait for a session', { retryAfter: 1 }))
      }
      const leave = () => {
        this.#waiting.delete(waiter)
        this.#clock.clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter<T> = {
        resolve: value => {
          leave()
          resolve(value)
        },
        reject: reason => {
          leave()
          reject(reason)
        },
      }
      const onAbort = () => waiter.reject(signal?.reason)
      const timer = this.#clock.setTimeout(() => waiter.reject(timedOut()), ms)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiter)
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
