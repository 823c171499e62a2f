import type { Timer } from '../../src/kernel/clock.ts'
import { type TestClock, testClock } from '../support/clock.ts'

/** A test clock that counts the pending timers. */
export interface CountedClock extends TestClock {
  readonly pending: number
}

export function countedClock(): CountedClock {
  const clock = testClock()
  const timers = new Set<Timer>()
  return {
    ...clock,
    get pending() {
      return timers.size
    },
    setTimeout(run, ms) {
      const timer = clock.setTimeout(() => {
        timers.delete(timer)
        run()
      }, ms)
      timers.add(timer)
      return timer
    },
    clearTimeout(timer) {
      timers.delete(timer)
      clock.clearTimeout(timer)
    },
  }
}
