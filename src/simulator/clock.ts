// The clock that the simulator runs on, which a test can replace.

/** The clock that the caller of `startSimulator` provides. The proxy's own `Clock` satisfies it. */
export interface SimulatorClock {
  /** Wall time: milliseconds since the epoch. */
  now(): number
  /** Calls `run` once after `ms` milliseconds. */
  setTimeout(run: () => void, ms: number): object
  /** Cancels a timer; does nothing if it has fired already. */
  clearTimeout(timer: object): void
}

/** Resolves to true after `ms` milliseconds, or to false as soon as `signal` aborts, which also cancels the timer. */
export function pause(clock: SimulatorClock, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const onAbort = () => {
      clock.clearTimeout(timer)
      resolve(false)
    }
    const timer = clock.setTimeout(() => resolve(true), ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
