import type { Clock, Timer } from '../../../src/kernel/clock.ts'
import type { Appointment } from '../../support/agenda.ts'
import type { TrueTime } from './true-time.ts'

/** Wall time at the beginning of a world, if it were right. */
export const START = Date.UTC(2026, 0, 5)

/** What reached a machine while it stalled. */
interface Missed {
  readonly isTimer: boolean
  readonly isOff: () => boolean
  readonly run: () => void
}

/** The clocks of a machine, which are wrong in their own way. */
export interface Wrong {
  /** How far its wall clock is ahead, in milliseconds. */
  readonly offset: number
  /** By which part its clocks are fast. */
  readonly drift: number
}

/**
 * A machine with clocks of its own, on which a member of a fleet runs. It can stall: whatever reaches it meanwhile does so
 * afterwards, timers first. And it can die: nothing reaches it any more.
 */
export class Machine implements Clock {
  readonly #time: TrueTime
  readonly #wrong: Wrong
  #missed: Missed[] = []
  #isStalled = false
  #isDead = false
  /** How long it has stalled so far, in milliseconds. */
  stalled = 0

  constructor(time: TrueTime, wrong: Wrong) {
    this.#time = time
    this.#wrong = wrong
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isStalled(): boolean {
    return this.#isStalled
  }

  now(): number {
    return Math.floor(START + this.#wrong.offset + this.#own(this.#time.read()))
  }

  monotonic(): number {
    return this.#own(this.#time.read())
  }

  setTimeout(run: () => void, ms: number): Timer {
    // as Node.js rounds
    const at = Math.floor(this.#own(this.#time.elapsed)) + Math.max(1, Math.trunc(ms))
    const timer: Appointment = this.#time.at(at / (1 + this.#wrong.drift), () => {
      this.#reach({ isTimer: true, isOff: () => timer.off, run })
    })
    return timer
  }

  clearTimeout(timer: Timer): void {
    ;(timer as Appointment).off = true
  }

  /** Runs what comes from outside: a request or an answer. */
  enter(run: () => void): void {
    this.#reach({ isTimer: false, isOff: () => false, run })
  }

  /** Settles as `outside` does, when the machine can take it. */
  receive<T>(outside: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      outside.then(
        value => this.enter(() => resolve(value)),
        error => this.enter(() => reject(error)),
      )
    })
  }

  /** Stops for so many milliseconds. */
  stall(ms: number): void {
    if (this.#isStalled) return
    this.#isStalled = true
    this.#time.after(ms, () => {
      this.#isStalled = false
      this.stalled += ms
      const missed = this.#missed
      this.#missed = []
      for (const isTimer of [true, false]) {
        for (const each of missed) if (each.isTimer === isTimer) this.#time.after(0, () => this.#reach(each))
      }
    })
  }

  /** Stops for ever. */
  die(): void {
    this.#isDead = true
    this.#missed = []
  }

  #own(elapsed: number): number {
    return elapsed * (1 + this.#wrong.drift)
  }

  #reach(event: Missed): void {
    if (this.#isDead || event.isOff()) return
    if (this.#isStalled) this.#missed.push(event)
    else event.run()
  }
}
