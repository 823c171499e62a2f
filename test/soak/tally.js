const UNAUTHORIZED = 401

/** Counts what became of the clients' requests. */
export class Tally {
  requests = 0
  /** Answers of 401. */
  unauthorized = 0
  /** Answers to requests that the proxy sent twice. */
  replayed = 0
  /** The longest time that a client had to wait, in milliseconds. */
  slowest = 0
  /** @type {Map<string, { count: number, example: string }>} by kind, with the first of each */
  errors = new Map()

  add({ status, replayed, milliseconds, error }) {
    this.requests++
    if (status === UNAUTHORIZED) this.unauthorized++
    if (replayed) this.replayed++
    this.slowest = Math.max(this.slowest, milliseconds)
    if (error) this.#addError(error)
  }

  #addError({ kind, example }) {
    const known = this.errors.get(kind) ?? { count: 0, example }
    this.errors.set(kind, { ...known, count: known.count + 1 })
  }
}
