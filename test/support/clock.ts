import { Clock as MockClock } from 'clock-mock'
import type { Clock } from '../../src/kernel/clock.ts'

/** A clock that stands still until the test moves it. */
export interface TestClock extends Clock {
  /** Moves both times forward, firing what falls due, and lets the promises that hang on it settle. */
  advance(ms: number): Promise<void>
  /** Moves wall time alone, as an operator or a time server does. */
  jump(ms: number): void
}

export function testClock(start = Date.UTC(2026, 0, 1)): TestClock {
  const mock = new MockClock()
  let offset = start
  return {
    now: () => mock.now() + offset,
    monotonic: () => mock.now(),
    setTimeout: (run, ms) => mock.setTimeout(run, Math.max(1, ms)),
    clearTimeout: timer => mock.clearTimeout(timer as never),
    async advance(ms) {
      mock.advance(ms)
      await settle()
    },
    jump(ms) {
      offset += ms
    },
  }
}

/** Lets pending promises and immediate I/O callbacks run. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Moves time in steps of a tenth of a second until something is done. */
export async function passTime<T>(clock: TestClock, done: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  done.then(over, over)
  while (!isOver) await clock.advance(100)
  return done
}
