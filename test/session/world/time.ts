import type { Clock, Timer } from '../../../src/kernel/clock.ts'
import { Agenda, type Appointment } from '../../support/agenda.ts'
import type { Random } from '../../support/random.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/**
 * Two times that differ by less than this are the same: Node cuts the time and the wait of a timer to whole milliseconds,
 * so that it may fire two of them early, and time goes on with each reading.
 */
export const GRAIN = 3

/** Time goes on between two readings, by so many milliseconds. */
const DRIFT = { least: 0.001, most: 0.1 }

/** Wall time at the beginning of a world: a Monday, midnight. */
const START = Date.UTC(2026, 0, 5)

/** A moment on all clocks. */
export interface Instant {
  /** True time. */
  readonly elapsed: number
  readonly monotonic: number
  readonly wall: number
}

/** How long ago a moment was, as far as a machine can tell: by whichever of its clocks went further. */
export function visibleAge(since: Instant, now: Instant): number {
  return Math.max(now.monotonic - since.monotonic, now.wall - since.wall)
}

/**
 * The time of a world, in milliseconds from its beginning, moved from one appointment to the next. It implements the
 * machine's {@link Clock}: the machine's timers and monotonic clock stand still while the machine sleeps.
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

  /** For how long the machine has been awake: what its monotonic clock shows. */
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

  /** Timers of this interface that have not fired and were not cleared. */
  get pending(): number {
    return this.#timers.size
  }

  setTimeout(run: () => void, ms: number): Timer {
    // as Node.js reckons
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

  /** Has something happen on the machine once it has been awake for `ms` milliseconds more. */
  after(ms: number, run: () => void): Appointment {
    return this.#machine.add(this.awake + ms, run)
  }

  /** Has something happen at a true time. What falls into a sleep of the machine happens when it wakes. */
  at(when: number, run: () => void): void {
    this.#world.add(when, run)
  }

  /** The machine sleeps. */
  sleep(ms: number): void {
    this.#elapsed += ms
    this.#slept += ms
  }

  /** Wall time is set forward, or back. */
  setForward(ms: number): void {
    this.#setForward += ms
  }

  /**
   * Lets everything happen in its order until `isOver`, or until nothing is left. One immediate for each appointment
   * lets all promises that hang on it settle, however long their chains are, before time moves on.
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

  /** What falls due by a reading comes next, and not within it. */
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
