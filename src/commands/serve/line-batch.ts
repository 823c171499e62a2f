import type { DestinationStream } from 'pino'
import type { Clock } from '../../kernel/clock.ts'

/** A line waits no longer than so many milliseconds for others. */
const LONGEST_WAIT = 20

/** Bytes that are gathered at most. */
const CAPACITY = 256 * 1024

/** Bytes that a UTF-16 code unit takes at most in UTF-8. */
const WIDEST = 3

/**
 * Gathers lines for one write; one for each would cost twice as much as making the line. They are gathered as bytes, since
 * pino joins a line lazily from some forty strings, which the garbage collector would carry along until the write.
 */
export class LineBatch implements DestinationStream {
  readonly #destination: DestinationStream
  readonly #clock: Clock
  readonly #gathered = Buffer.allocUnsafe(CAPACITY)
  #size = 0

  constructor(destination: DestinationStream, clock: Clock) {
    this.#destination = destination
    this.#clock = clock
  }

  write(line: string): void {
    const most = line.length * WIDEST
    if (this.#size + most > CAPACITY) this.flushSync()
    if (most > CAPACITY) {
      this.#destination.write(line)
      return
    }
    if (this.#size === 0) this.#clock.setTimeout(() => this.flushSync(), LONGEST_WAIT)
    this.#size += this.#gathered.write(line, this.#size)
  }

  /** Writes what was gathered; pino does it for a fatal line. */
  flushSync(): void {
    const lines = this.#gathered.toString('utf8', 0, this.#size)
    this.#size = 0
    if (lines !== '') this.#destination.write(lines)
  }
}
