/** The beginning of a body, up to a number of bytes, and the size of all of it. Copies what it keeps. */
export class BodyStart {
  /** How many bytes are kept. */
  readonly max: number
  #bytes = Buffer.alloc(0)
  #kept = 0
  #size = 0

  /** Keeps at most `max` bytes, and takes no more memory than that. */
  constructor(max: number) {
    this.max = max
  }

  /** The bytes that are kept. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#kept)
  }

  /** The number of bytes that have passed. */
  get size(): number {
    return this.#size
  }

  /** Takes the next piece. */
  take(piece: Buffer): void {
    this.#size += piece.length
    const kept = Math.min(this.max, this.#size)
    if (kept === this.#kept) return
    this.#makeRoomFor(kept)
    piece.copy(this.#bytes, this.#kept, 0, kept - this.#kept)
    this.#kept = kept
  }

  /** Grows to twice the size at least, so that a body that comes byte by byte is not copied as often. */
  #makeRoomFor(size: number): void {
    if (size <= this.#bytes.length) return
    // memory of its own: a slice of a buffer would keep all of that
    const grown = Buffer.allocUnsafeSlow(Math.min(this.max, Math.max(size, 2 * this.#bytes.length)))
    this.#bytes.copy(grown)
    this.#bytes = grown
  }
}
