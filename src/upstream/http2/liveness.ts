import type { Clock, Timer } from '../../kernel/clock.ts'

/** Milliseconds without a byte after which the other side is asked for one, and after as many again given up. */
const PATIENCE = 10_000

/** What {@link Liveness} watches. */
export interface Watched {
  /** How many bytes have arrived. */
  readonly bytesRead: number
  /** Asks the other side for a sign of life. */
  ping(): void
  /** Called when none came. */
  died(): void
}

/**
 * Watches a connection while requests run on it. Node.js does not always notice that a connection over HTTP/2 is gone:
 * not if it is reset while something is written, nor if Node.js itself ends it because of a fault in what it received.
 */
export class Liveness {
  readonly #clock: Clock
  readonly #watched: Watched
  #timer: Timer | undefined
  #bytes = 0
  #isAsked = false

  constructor(clock: Clock, watched: Watched) {
    this.#clock = clock
    this.#watched = watched
  }

  /** Begins to watch. Does nothing if it has begun. */
  start(): void {
    if (this.#timer) return
    this.#note(false)
    this.#wait()
  }

  stop(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(): void {
    this.#timer = this.#clock.setTimeout(() => this.#check(), PATIENCE)
  }

  #check(): void {
    const isQuiet = this.#watched.bytesRead === this.#bytes
    if (isQuiet && this.#isAsked) {
      this.#watched.died()
      return
    }
    if (isQuiet) this.#watched.ping()
    this.#note(isQuiet)
    this.#wait()
  }

  #note(isAsked: boolean): void {
    this.#bytes = this.#watched.bytesRead
    this.#isAsked = isAsked
  }
}
