/** The part of AbortSignal that this proxy uses. Every AbortSignal is an `EndSignal`. */
export interface EndSignal {
  readonly aborted: boolean
  readonly reason: Error
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * A controller and its signal in one object, for ends that every request has: an AbortController with one listener
 * takes 3.5 µs, or 10 µs if it aborts, and this takes less than 0.1 µs (Node.js 20.20).
 */
export class EndController implements EndSignal {
  readonly #why: string
  #listeners: (() => void)[] = []
  #aborted = false

  /** `why` becomes the message of {@link EndController.reason}. */
  constructor(why: string) {
    this.#why = why
  }

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): Error {
    return new Error(this.#why)
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener)
    if (at >= 0) this.#listeners.splice(at, 1)
  }

  /** Calls every listener once. Later calls do nothing. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
