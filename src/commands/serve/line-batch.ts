import type { DestinationStream } from 'pino'
import type { Clock } from '../../kernel/clock.ts'

/** The longest time that a line waits for others, in milliseconds. */
const LONGEST_WAIT = 20

/** The largest batch, in bytes. */
const CAPACITY = 256 * 1024

/** The most bytes that a UTF-16 code unit takes in UTF-8. */
const WIDEST = 3

/**
 * Batches log lines into one write, because a separate write for each line costs twice as much as making the line.
 * Lines are kept as bytes: pino's lines are ropes of about 40 strings, which the garbage collector would have to copy
 * until the write.
 */
export class LineBatch implements DestinationStream {
  readonly #destination: DestinationStream
  readonly #clock: Clock
  readonly #batch = Buffer.allocUnsafe(CAPACITY)
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
    this.#size += this.#batch.write(line, this.#size)
  }

  /** Writes the batch now. pino calls this for a fatal line. */
  flushSync(): void {
    const lines = this.#batch.toString('utf8', 0, this.#size)
    this.#size = 0
    if (lines !== '') this.#destination.write(lines)
  }
}
