/** A running timer, to be handed back to {@link Clock.clearTimeout}. */
export type Timer = object

/**
 * The only way to the time. Everything that waits, expires or measures takes a `Clock`, so that tests move time
 * themselves instead of sleeping.
 */
export interface Clock {
  /** Wall time: milliseconds since the epoch. It may jump; never compute a deadline from it. */
  now(): number
  /** Milliseconds since an arbitrary start. It never goes back, and on most systems stands still during sleep. */
  monotonic(): number
  /**
   * Calls `run` once after about `ms` milliseconds, never within this call. It may be up to two milliseconds early, as
   * Node counts whole ones: who decides by the time looks at it again. More than {@link LONGEST_TIMER} counts as that. A
   * waiting timer does not keep the process alive.
   */
  setTimeout(run: () => void, ms: number): Timer
  /** Forgets a timer; one that has fired already is ignored. */
  clearTimeout(timer: Timer): void
}

/** Node fires at once, and complains, what is to wait longer than this many milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, Math.min(Math.ceil(ms), LONGEST_TIMER)).unref(),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}

/** The reason with which {@link withDeadline} aborts. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  readonly code = 'DEADLINE'
}

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds, or when the caller's own `signal` does, and rejects with
 * its reason then, even if the work does not listen.
 */
export function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController()
  const timer = clock.setTimeout(() => ended.abort(new DeadlineError(`no answer within ${ms} ms`)), ms)
  // AbortSignal.any would leave something of each call with the caller's signal, for as long as that lives
  const leave = () => ended.abort(signal?.reason)
  const done = new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(ended.signal.reason)
    ended.signal.addEventListener('abort', onAbort, { once: true })
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted) leave()
    const forget = () => ended.signal.removeEventListener('abort', onAbort)
    work(ended.signal).then(resolve, reject).finally(forget)
  })
  return done.finally(() => {
    clock.clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  })
}
