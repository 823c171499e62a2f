import type { Dispatcher } from 'undici'

/**
 * The older of the two shapes that undici's handlers may have, which `request` has too. The newer one costs a twentieth of
 * all that a request does: undici puts it into the older, and takes the headers apart for it, which stay unread.
 */
export type OlderHandler = Required<
  Pick<Dispatcher.DispatchHandler, 'onConnect' | 'onHeaders' | 'onData' | 'onComplete' | 'onError'>
> &
  Pick<Dispatcher.DispatchHandler, 'onResponseStarted'>

/** Sends requests to upstreams, on connections of its own. */
export interface Carrier {
  dispatch(options: Dispatcher.DispatchOptions, handler: OlderHandler): void
  /** Has the requests that run fail. */
  destroy(): Promise<void>
}

/** Passes everything on to another. What extends it overrides what it cares about. */
export class PassingHandler implements OlderHandler {
  readonly #handler: OlderHandler

  constructor(handler: OlderHandler) {
    this.#handler = handler
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#handler.onConnect(abort)
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.()
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    return this.#handler.onHeaders(status, headers, resume, text)
  }

  onData(chunk: Buffer): boolean {
    return this.#handler.onData(chunk)
  }

  onComplete(trailers: string[] | null): void {
    this.#handler.onComplete(trailers)
  }

  onError(error: Error): void {
    this.#handler.onError(error)
  }
}
