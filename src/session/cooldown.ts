/** The bounds of the pause after an alarm that has not proved right, in milliseconds. */
const PAUSE = { first: 5_000, longest: 60_000 }

/**
 * What alarms of one kind use up until they prove right: for five seconds first, then for twice as long each time, up to a
 * minute. Times are milliseconds of the monotonic clock.
 */
export class Allowance {
  #until = Number.NEGATIVE_INFINITY
  #alarms = 0

  /** The alarms in a row that have not proved right. */
  get alarms(): number {
    return this.#alarms
  }

  /** When it is there again, or has been since. */
  get until(): number {
    return this.#until
  }

  isSpent(now: number): boolean {
    return now < this.#until
  }

  /** An alarm uses it up. What is given back undoes that. */
  spend(now: number): () => void {
    const [until, alarms] = [this.#until, this.#alarms]
    this.#alarms++
    this.#until = now + this.#pause
    return () => {
      this.#until = until
      this.#alarms = alarms
    }
  }

  /** What used it up goes on: as long as that does, it is worth no other alarm. */
  prolong(now: number): void {
    if (this.isSpent(now)) this.#until = now + this.#pause
  }

  /** An alarm has proved right. */
  restore(): void {
    this.#until = Number.NEGATIVE_INFINITY
    this.#alarms = 0
  }

  get #pause(): number {
    return Math.min(PAUSE.longest, PAUSE.first * 2 ** (this.#alarms - 1))
  }
}
