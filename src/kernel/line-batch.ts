import type { DestinationStream } from 'pino'
import type { Clock } from './clock.ts'

/** A line waits no longer than so many milliseconds for others. */
const LONGEST_WAIT = 20

/** Gathers lines for one write; one for each would cost twice as much as making the line. */
export class LineBatch implements DestinationStream {
  readonly #destination: DestinationStream
  readonly #clock: Clock
  #lines = ''

  constructor(destination: DestinationStream, clock: Clock) {
    this.#destination = destination
    this.#clock = clock
  }

  write(line: string): void {
    if (this.#lines === '') this.#clock.setTimeout(() => this.flushSync(), LONGEST_WAIT)
    this.#lines += line
  }

  /** Writes what was gathered; pino does it for a fatal line. */
  flushSync(): void {
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '') this.#destination.write(lines)
  }
}
