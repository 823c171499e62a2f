import type { Dispatcher } from 'undici'
import type { DispatchController, DispatchHandler } from './handler.ts'

/** The interface in which undici 7 reports a response. */
type OlderHandler = Required<
  Pick<
    Dispatcher.DispatchHandler,
    'onConnect' | 'onResponseStarted' | 'onHeaders' | 'onData' | 'onComplete' | 'onError'
  >
>

/**
 * Translates undici 7's older handler interface into the current one, as undici would do by itself if it got a handler of
 * that. Its own translation parses the headers, which nobody reads here; that takes 5 % of a request. undici 8 reports in
 * the current interface, so that this file goes with undici 7.
 */
export class Undici7Handler implements OlderHandler, DispatchController {
  readonly #handler: DispatchHandler
  #abort: ((reason: Error) => void) | undefined
  #resume: (() => void) | undefined
  #isPaused = false
  #reason: Error | null = null
  rawHeaders: Buffer[] | string[] | null = null
  rawTrailers: string[] | null = null

  constructor(handler: DispatchHandler) {
    this.#handler = handler
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  get paused(): boolean {
    return this.#isPaused
  }

  get reason(): Error | null {
    return this.#reason
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.#reason = reason
    this.#abort?.(reason)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#resume?.()
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#handler.onRequestStart(this)
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.()
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    this.#resume = resume
    this.rawHeaders = headers
    this.#handler.onResponseStart(this, status)
    return !this.#isPaused
  }

  onData(chunk: Buffer): boolean {
    this.#handler.onResponseData(this, chunk)
    return !this.#isPaused
  }

  onComplete(trailers: string[] | null): void {
    this.rawTrailers = trailers
    this.#handler.onResponseEnd(this)
  }

  onError(error: Error): void {
    this.#handler.onResponseError(this, error)
  }
}
