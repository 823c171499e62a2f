import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'
import { MASK, mask, type Pieces, piecesOf } from './mask.ts'

/** The key of fingerprints. It is random, so that fingerprints are of no use outside this process. */
const FINGERPRINT_KEY = randomBytes(32)

/** The length of the shortest value that may be a real key or token, in characters. */
const SHORTEST_KEY = 8

/**
 * A key or token. However it is printed (as a string, as JSON, by `util.inspect`, in a log line), it shows as
 * `[secret]`. The value is in a private field; only {@link Secret.reveal} returns it.
 */
export class Secret {
  readonly #value: string
  #fingerprint: string | undefined
  #pieces: Pieces | undefined

  constructor(value: string) {
    this.#value = value
  }

  /** Returns the value. Use it only for the auth calls, the request header and the login of Redis. */
  reveal(): string {
    return this.#value
  }

  /** Whether `text` equals the value. Compares in constant time. */
  matches(text: string): boolean {
    const [own, other] = [Buffer.from(this.#value), Buffer.from(text)]
    return own.length === other.length && timingSafeEqual(own, other)
  }

  /** Whether both hold the same value. Compares in constant time. */
  equals(other: Secret): boolean {
    return this.matches(other.#value)
  }

  /** Identifies the value within this process without revealing it: a keyed hash (HMAC). */
  get fingerprint(): string {
    this.#fingerprint ??= createHmac('sha256', FINGERPRINT_KEY).update(this.#value).digest('base64url')
    return this.#fingerprint
  }

  /**
   * Returns a function that reports whether a text contains the value, or enough of it, in any encoding that
   * {@link mask} recognizes. A value of fewer than `shortest` characters is never found: it may be an ordinary word.
   */
  finder(shortest = SHORTEST_KEY): (text: string) => boolean {
    return text => this.#value.length >= shortest && mask(text, [this.#inPieces]) !== text
  }

  /** Replaces the value with `[secret]` wherever {@link mask} finds it. A value too short for a key stays. */
  maskIn(text: string): string {
    return Secret.maskAllIn(text, [this])
  }

  /**
   * Replaces several values with `[secret]`, like {@link Secret.maskIn}. They must be masked together: masking one
   * after the other could replace a part that the next value shares, and so leave the rest of it visible.
   */
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

  /** Whether a text is long enough to contain the value in any encoding. */
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
