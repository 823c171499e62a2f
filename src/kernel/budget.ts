/** A limit, in bytes, on the memory that several holders use together. A holder gives back what it took. */
export class Budget {
  readonly #max: () => number
  #held = 0

  /** `max` returns the limit. It is called on every {@link Budget.take}, so the limit may change. */
  constructor(max: () => number) {
    this.#max = max
  }

  /** The number of bytes taken and not yet given back. */
  get held(): number {
    return this.#held
  }

  /** Takes `bytes` if the limit allows it, and returns whether it did. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max()) return false
    this.#held += bytes
    return true
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}
