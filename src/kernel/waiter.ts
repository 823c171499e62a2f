import type { Clock } from './clock.ts'
import type { EndSignal } from './end-signal.ts'

/** A caller that waits for a value. Settling it ends the wait and removes it from its list. */
export interface Waiter<T> {
  resolve(value: T): void
  reject(reason: unknown): void
}

/** The waiters of one value or queue. */
export interface WaitList<T> {
  add(waiter: Waiter<T>): void
  delete(waiter: Waiter<T>): void
}

/** How long a caller waits, and what ends its wait early. */
export interface WaitLimits<T> {
  /** The longest wait, in milliseconds. */
  readonly ms: number
  /** Called after `ms` milliseconds; it must settle the waiter. */
  timedOut(waiter: Waiter<T>): void
  /** When this aborts, the wait rejects with its reason. */
  readonly signal: EndSignal | undefined
}

/** Adds a waiter to `list` and waits until it is settled. A settled waiter has no timer and no listener left. */
export function waitIn<T>(list: WaitList<T>, clock: Clock, { ms, timedOut, signal }: WaitLimits<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const leave = () => {
      list.delete(waiter)
      clock.clearTimeout(timer)
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
    const timer = clock.setTimeout(() => timedOut(waiter), ms)
    signal?.addEventListener('abort', onAbort, { once: true })
    list.add(waiter)
  })
}
