import type { TrueTime } from './true-time.ts'

/** Since when nothing has disturbed a part of a world. */
export class Health {
  readonly #time: TrueTime
  readonly #wrong = new Set<unknown>()
  #disturbed = Number.NEGATIVE_INFINITY

  constructor(time: TrueTime) {
    this.#time = time
  }

  /** The time of the last disturbance; infinite while there is one. */
  get since(): number {
    return this.#wrong.size > 0 ? Number.POSITIVE_INFINITY : this.#disturbed
  }

  /** Notes a disturbance that is over at once. */
  disturb(): void {
    this.#disturbed = this.#time.elapsed
  }

  /** Notes that something is wrong from now on. Returns a function that ends this. */
  fails(what: unknown = Symbol('something')): () => void {
    this.#wrong.add(what)
    return () => this.recovers(what)
  }

  /** Notes that this is no longer wrong. */
  recovers(what: unknown): void {
    if (this.#wrong.delete(what)) this.disturb()
  }
}
