import { Agenda, type Appointment } from '../../support/agenda.ts'
import type { Random } from '../../support/random.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND

/** How far time advances between two readings of a machine's clock, in milliseconds. */
const DRIFT = { least: 0.001, most: 0.1 }

/** The time of a world, in milliseconds from its beginning, which jumps from one appointment to the next. */
export class TrueTime {
  readonly #agenda = new Agenda()
  readonly #random: Random
  #elapsed = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** True time, which no machine knows. */
  get elapsed(): number {
    return this.#elapsed
  }

  /** Reads true time for a machine: it goes on meanwhile. */
  read(): number {
    this.#elapsed += this.#random.spread(DRIFT.least, DRIFT.most)
    return this.#elapsed
  }

  at(when: number, run: () => void): Appointment {
    return this.#agenda.add(when, run)
  }

  after(ms: number, run: () => void): Appointment {
    return this.at(this.#elapsed + ms, run)
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /**
   * Runs all appointments in order until `isOver`. One immediate for each lets all promises that depend on it settle,
   * however long their chains, before time advances.
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

  #moveOn(): boolean {
    const next = this.#agenda.peek()
    if (!next) return false
    this.#agenda.shift()
    this.#elapsed = Math.max(this.#elapsed, next.at)
    next.run()
    return true
  }
}
