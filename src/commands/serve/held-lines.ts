import type { DestinationStream } from 'pino'
import type { Clock } from '../../kernel/clock.ts'

/** No line waits longer than so many milliseconds. */
const LONGEST_HOLD = 1_000

/** Lines that wait until they are let through, so that others come first; then each is written at once. */
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

  /** Lets them through. */
  flushSync(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const line of held) this.#destination.write(line)
  }
}
