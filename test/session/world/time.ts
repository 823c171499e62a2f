import type { Clock, Timer } from '../../../src/kernel/clock.ts'
import { Agenda, type Appointment } from '../../support/agenda.ts'
import type { Random } from '../../support/random.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/**
 * The accuracy of times, in milliseconds: Node.js rounds the time and the wait of a timer to whole milliseconds, so
 * that it may fire two of them early, and time advances with each reading.
 */
export const GRAIN = 3

/** How far time advances between two readings, in milliseconds. */
const DRIFT = { least: 0.001, most: 0.1 }

/** Wall time at the beginning of a world: a Monday, midnight. */
const START = Date.UTC(2026, 0, 5)

/** A point in time on all clocks. */
export interface Instant {
  /** True time. */
  readonly elapsed: number
  readonly monotonic: number
  readonly wall: number
}

/** How long ago an instant was, as far as a machine can tell: by the clock that advanced further. */
export function visibleAge(since: Instant, now: Instant): number {
  return Math.max(now.monotonic - since.monotonic, now.wall - since.wall)
}

/**
 * The time of a world, in milliseconds from its beginning, which jumps from one appointment to the next. As the
 * machine's {@link Clock}, its timers and monotonic clock stop while the machine sleeps.
 */
export class WorldTime implements Clock {
  readonly #machine = new Agenda()
  readonly #world = new Agenda()
  readonly #timers = new Map<Timer, Appointment>()
  readonly #random: Random
  #elapsed = 0
  #slept = 0
  #setForward = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** True time, which no machine knows. */
  get elapsed(): number {
    return this.#elapsed
  }

  /** How long the machine has been awake, which its monotonic clock shows. */
  get awake(): number {
    return this.#elapsed - this.#slept
  }

  now(): number {
    this.#drift()
    return Math.floor(this.#wall)
  }

  monotonic(): number {
    this.#drift()
    return this.awake
  }

  get instant(): Instant {
    return { elapsed: this.#elapsed, monotonic: this.awake, wall: this.#wall }
  }

  get #wall(): number {
    return START + this.#elapsed + this.#setForward
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.#timers.size
  }

  setTimeout(run: () => void, ms: number): Timer {
    // as Node.js rounds
    const timer = this.#machine.add(Math.floor(this.awake) + Math.max(1, Math.trunc(ms)), () => {
      this.#timers.delete(timer)
      run()
    })
    this.#timers.set(timer, timer)
    return timer
  }

  clearTimeout(timer: Timer): void {
    const appointment = this.#timers.get(timer)
    if (appointment) appointment.off = true
    this.#timers.delete(timer)
  }

  /** Runs `run` once the machine has been awake for `ms` more milliseconds. */
  after(ms: number, run: () => void): Appointment {
    return this.#machine.add(this.awake + ms, run)
  }

  /** Runs `run` at a true time, or when the machine wakes from its sleep at that time. */
  at(when: number, run: () => void): void {
    this.#world.add(when, run)
  }

  /** Lets the machine sleep for `ms` milliseconds. */
  sleep(ms: number): void {
    this.#elapsed += ms
    this.#slept += ms
  }

  /** Sets wall time forward, or back for a negative `ms`. */
  setForward(ms: number): void {
    this.#setForward += ms
  }

  /**
   * Runs all appointments in order until `isOver`, or until none is left. One immediate for each appointment lets all
   * promises that depend on it settle, however long their chains, before time advances.
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (isOver() || !this.#moveOn()) return resolve()
        } catch (error) {
          return reject(error)
        }
        setImmediate(step)
      }
      setImmediate(step)
    })
  }

  /** What becomes due by a reading runs next, not during it. */
  #drift(): void {
    this.#elapsed += this.#random.spread(DRIFT.least, DRIFT.most)
  }

  #moveOn(): boolean {
    const [own, foreign] = [this.#machine.peek(), this.#world.peek()]
    const wakesAt = own ? own.at + this.#slept : Number.POSITIVE_INFINITY
    const isOwn = wakesAt <= (foreign?.at ?? Number.POSITIVE_INFINITY)
    const [agenda, next, when] = isOwn ? [this.#machine, own, wakesAt] : [this.#world, foreign, foreign?.at ?? 0]
    if (!next) return false
    agenda.shift()
    this.#elapsed = Math.max(this.#elapsed, when)
    next.run()
    return true
  }
}
