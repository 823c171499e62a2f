import type { Clock } from './clock.ts'
import type { EndSignal } from './end-signal.ts'

/** Somebody who waits for a value. */
export interface Waiter<T> {
  resolve(value: T): void
  reject(reason: unknown): void
}

/** Where those who wait are found. */
export interface Line<T> {
  add(waiter: Waiter<T>): void
  delete(waiter: Waiter<T>): void
}

/** For how long somebody waits. */
export interface Patience<T> {
  /** Milliseconds. */
  readonly ms: number
  /** Ends the wait after that. */
  timedOut(waiter: Waiter<T>): void
  /** Rejects the wait with its reason as soon as it aborts. */
  readonly signal: EndSignal | undefined
}

/** Waits in line until served, however that goes; who is in no line any more has no timer nor listener. */
export function waitIn<T>(line: Line<T>, clock: Clock, { ms, timedOut, signal }: Patience<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const leave = () => {
      line.delete(waiter)
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
    line.add(waiter)
  })
}
