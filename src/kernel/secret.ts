import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'
import { MASK, mask, type Pieces, piecesOf } from './mask.ts'

/** Of this process alone. */
const FINGERPRINT_KEY = randomBytes(32)

/** No real key or token is shorter, in characters. */
const SHORTEST_KEY = 8

/**
 * A key or token. However it is printed (string, JSON, `util.inspect`, a log line) it shows as `[secret]`; the value
 * lives in a private field and leaves only through {@link Secret.reveal}.
 */
export class Secret {
  readonly #value: string
  #fingerprint: string | undefined
  #pieces: Pieces | undefined

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. For the auth calls and the request header alone. */
  reveal(): string {
    return this.#value
  }

  /** Whether `text` is the value, in a time that does not depend on where they differ. */
  matches(text: string): boolean {
    const [own, shown] = [Buffer.from(this.#value), Buffer.from(text)]
    return own.length === shown.length && timingSafeEqual(own, shown)
  }

  /** Whether both are the same value, in the same way. */
  equals(other: Secret): boolean {
    return this.matches(other.#value)
  }

  /** What tells it from other values in this process, and tells nobody the value. */
  get fingerprint(): string {
    this.#fingerprint ??= createHmac('sha256', FINGERPRINT_KEY).update(this.#value).digest('base64url')
    return this.#fingerprint
  }

  /**
   * Gives what tells whether a text holds the value, or most of it, in whatever coding {@link mask} knows. A value of less
   * than `shortest` characters may be a word, and is not looked for.
   */
  finder(shortest = SHORTEST_KEY): (text: string) => boolean {
    return text => this.#value.length >= shortest && mask(text, [this.#inPieces]) !== text
  }

  /** `text` with `[secret]` wherever {@link mask} finds the value in it. One too short for a key is left: it may be a word. */
  maskIn(text: string): string {
    return Secret.maskAllIn(text, [this])
  }

  /** The same for several values. One after the other, a part of one could hide from the next what surrounds it. */
  static maskAllIn(text: string, secrets: readonly Secret[]): string {
    const keys = secrets.filter(secret => secret.#value.length >= SHORTEST_KEY)
    return mask(
      text,
      keys.map(key => key.#inPieces),
    )
  }

  get #inPieces(): Pieces {
    this.#pieces ??= piecesOf(this.#value)
    return this.#pieces
  }

  /** Whether a text is long enough to hold the value in any form. */
  fitsIn(text: string): boolean {
    return text.length >= this.#value.length
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
