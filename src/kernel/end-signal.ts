/** What is needed of an AbortSignal, which is one. */
export interface EndSignal {
  readonly aborted: boolean
  readonly reason: Error
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * An end that everybody concerned is told of once, for what there is one of for each request: an AbortController with its
 * signal and event costs ten times as much.
 */
export class EndController implements EndSignal {
  readonly #why: string
  #listeners: (() => void)[] = []
  #aborted = false

  /** `why` is the reason's message. */
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

  /** Tells everybody, the first time. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
