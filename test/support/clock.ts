import type { Clock } from '../../src/kernel/clock.ts'
import { Agenda } from './agenda.ts'
import { Random } from './random.ts'

/**
 * Time goes on between two readings of a clock, by so many milliseconds: by a microsecond as a rule, at times by a tenth
 * of a millisecond. What decides by two readings, as if they were one, is found out so. The seed is that of `CLOCK_SEED`.
 */
const DRIFT = { least: 0.001, most: 0.1 }

const SEED = Number(process.env.CLOCK_SEED ?? 1)

/** Timers are early by less than so many milliseconds, as Node's are, which cut the time and the wait to whole ones. */
export const EARLY = 2

/** A clock that the test moves, and that goes on a little each time that it is read. */
export interface TestClock extends Clock {
  /** Moves both times forward, firing what falls due, and lets the promises that hang on it settle. */
  advance(ms: number): Promise<void>
  /** Moves wall time alone, as an operator or a time server does. */
  jump(ms: number): void
  /** The milliseconds by which readings have moved the time so far. */
  drifted(): number
}

/** A clock that shows such a wall time, in milliseconds since the epoch. */
export function testClock(start = Date.UTC(2026, 0, 1), seed = SEED): TestClock {
  const random = new Random(seed)
  const agenda = new Agenda()
  let [time, drifted, offset, isLate] = [0, 0, start, false]

  const isDue = () => (agenda.peek()?.at ?? Number.POSITIVE_INFINITY) <= time
  const fire = () => {
    isLate = false
    // what is set meanwhile is for another time
    const until = time
    for (let next = agenda.peek(); next && next.at <= until; next = agenda.peek()) {
      agenda.shift()
      next.run()
    }
  }
  const read = () => {
    const drift = random.spread(DRIFT.least, DRIFT.most)
    time += drift
    drifted += drift
    if (!isLate && isDue()) {
      isLate = true
      // not while whoever reads the clock is at work
      setImmediate(fire)
    }
    return time
  }
  return {
    // wall clocks show whole milliseconds
    now: () => Math.floor(read() + offset),
    monotonic: read,
    setTimeout: (run, ms) => agenda.add(Math.floor(time) + Math.max(1, Math.trunc(ms)), run),
    clearTimeout(timer) {
      // it stays on the agenda, but, as with Node.js, not what it would have done
      if ('off' in timer) Object.assign(timer, { off: true, run() {} })
    },
    async advance(ms) {
      time += ms
      fire()
      await settle()
    },
    jump(ms) {
      offset += ms
    },
    drifted: () => drifted,
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
