/** Draws from a seed: the same seed gives the same draws. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Evenly from [0, 1), by the generator that is known as mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** Evenly from [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** From [low, high), each order of magnitude as often as the next: short things are common, long ones happen. */
  spread(low: number, high: number): number {
    return low * (high / low) ** this.next()
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.next() * items.length)] ?? items[0]
  }

  /** Another stream, so that what one part of a world draws does not change what another draws. */
  fork(): Random {
    return new Random(this.next() * 2 ** 32)
  }
}
