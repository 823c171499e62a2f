import { inspect } from 'node:util'

const MASK = '[secret]'

/**
 * A key or token. However it is printed (string, JSON, `util.inspect`, a log line) it shows as `[secret]`; the value
 * lives in a private field and leaves only through {@link Secret.reveal}.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. For the auth calls and the request header alone. */
  reveal(): string {
    return this.#value
  }

  /** Whether both hold the same value. */
  equals(other: Secret): boolean {
    return this.#value === other.#value
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
