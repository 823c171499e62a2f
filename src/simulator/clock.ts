/** The time as the simulator takes it from whoever starts it. The product's own `Clock` fits. */
export interface SimulatorClock {
  /** Wall time: milliseconds since the epoch. */
  now(): number
  /** Calls `run` once after `ms` milliseconds. */
  setTimeout(run: () => void, ms: number): object
  /** Forgets a timer; one that has fired already is ignored. */
  clearTimeout(timer: object): void
}

/** Resolves to true after `ms` milliseconds, or to false as soon as `signal` aborts; the timer is then gone. */
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
