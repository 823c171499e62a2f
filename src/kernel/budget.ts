/** Memory that many may hold together at one time, in bytes. Whoever took of it gives it back. */
export class Budget {
  readonly #max: () => number
  #held = 0

  /** `max` is asked for anew each time. */
  constructor(max: () => number) {
    this.#max = max
  }

  /** How much is held now. */
  get held(): number {
    return this.#held
  }

  /** Takes so many bytes, and says whether there were as many. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max()) return false
    this.#held += bytes
    return true
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}
