/** The first and the longest cooldown, in milliseconds. */
const DURATION = { first: 5_000, longest: 60_000 }

/**
 * The time after a token check during which the same grounds cause no other check. Every check counts as unjustified
 * until {@link Cooldown.reset}: the first one in a row starts a cooldown of 5 s, each further one doubles it, up to 60
 * s. Times are milliseconds of the monotonic clock.
 */
export class Cooldown {
  #until = Number.NEGATIVE_INFINITY
  #unjustified = 0

  /** How many checks in a row were not justified. */
  get unjustified(): number {
    return this.#unjustified
  }

  /** When the cooldown ends, or ended. */
  get until(): number {
    return this.#until
  }

  isActive(now: number): boolean {
    return now < this.#until
  }

  /** Starts the cooldown for a check at `now`. The returned function undoes that. */
  start(now: number): () => void {
    const [until, unjustified] = [this.#until, this.#unjustified]
    this.#unjustified++
    this.#until = now + this.#duration
    return () => {
      this.#until = until
      this.#unjustified = unjustified
    }
  }

  /** Restarts an active cooldown, because its grounds still hold. They cause no check for as long as they persist. */
  prolong(now: number): void {
    if (this.isActive(now)) this.#until = now + this.#duration
  }

  /** Ends the cooldown: a check was justified, because the token was invalid. */
  reset(): void {
    this.#until = Number.NEGATIVE_INFINITY
    this.#unjustified = 0
  }

  get #duration(): number {
    return Math.min(DURATION.longest, DURATION.first * 2 ** (this.#unjustified - 1))
  }
}
