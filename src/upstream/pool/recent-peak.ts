/** How long a peak counts, in milliseconds; at most twice as long. */
const PERIOD = 60_000

/** The most requests that were under way at once lately. */
export class RecentPeak {
  #current = 0
  #before = 0
  #since: number

  /** Begins at a time in monotonic milliseconds. */
  constructor(now: number) {
    this.#since = now
  }

  get value(): number {
    return Math.max(this.#current, this.#before)
  }

  /** Notes how many are under way. */
  note(running: number): void {
    if (running > this.#current) this.#current = running
  }

  /** Forgets what was too long ago. */
  forget(now: number): void {
    const elapsed = now - this.#since
    if (elapsed < PERIOD) return
    this.#before = elapsed < 2 * PERIOD ? this.#current : 0
    this.#current = 0
    this.#since = now
  }
}
