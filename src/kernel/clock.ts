/** Identifies a running timer for {@link Clock.clearTimeout}. */
export type Timer = object

/**
 * The only source of time. Everything that waits, expires or measures takes a `Clock`, so that tests can advance time
 * instead of sleeping.
 */
export interface Clock {
  /** Wall time in milliseconds since the epoch. It may jump, so never compute a deadline from it. */
  now(): number
  /** Milliseconds since an arbitrary start. Never goes back; on most systems it stops while the machine sleeps. */
  monotonic(): number
  /**
   * Calls `run` once after about `ms` milliseconds, never during this call. The timer may fire up to two milliseconds
   * early, because Node.js rounds to whole milliseconds: code that depends on the time must read the clock again.
   * Longer times are cut to {@link LONGEST_TIMER}. A pending timer does not keep the process alive.
   */
  setTimeout(run: () => void, ms: number): Timer
  /** Cancels a timer. Does nothing if it has already fired. */
  clearTimeout(timer: Timer): void
}

/** The longest time a timer can wait, in milliseconds. Node.js fires a longer one at once and prints a warning. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** The clock of this machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, Math.min(Math.ceil(ms), LONGEST_TIMER)).unref(),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}

/** The clock of this machine for a program that waits for nothing but time: its timers keep the process alive. */
export const lastingClock: Clock = {
  ...systemClock,
  setTimeout(run, ms) {
    const timer = systemClock.setTimeout(run, ms)
    return (timer as NodeJS.Timeout).ref()
  },
}

/** The abort reason of {@link withDeadline} when time runs out. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  readonly code = 'DEADLINE'
}

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds or when the caller's `signal` aborts. Rejects with the
 * abort reason in either case, even if `work` ignores its signal.
 */
export function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController()
  const timer = clock.setTimeout(() => ended.abort(new DeadlineError(`timed out after ${ms} ms`)), ms)
  // AbortSignal.any would keep a reference to every call for as long as the caller's signal lives
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
