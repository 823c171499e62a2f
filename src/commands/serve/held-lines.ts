import type { DestinationStream } from 'pino'
import type { Clock } from '../../kernel/clock.ts'

/** The longest time that a line is held back, in milliseconds. */
const LONGEST_HOLD = 1_000

/** Holds log lines back until {@link flushSync}, so that the banner comes first; later lines are written at once. */
export class HeldLines implements DestinationStream {
  readonly #destination: DestinationStream
  readonly #clock: Clock
  #held: string[] | undefined = []

  constructor(destination: DestinationStream, clock: Clock) {
    this.#destination = destination
    this.#clock = clock
  }

  write(line: string): void {
    if (this.#held === undefined) return void this.#destination.write(line)
    if (this.#held.length === 0) this.#clock.setTimeout(() => this.flushSync(), LONGEST_HOLD)
    this.#held.push(line)
  }

  /** Writes the lines held back so far, and from now on each line at once. */
  flushSync(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const line of held) this.#destination.write(line)
  }
}
