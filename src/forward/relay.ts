import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import type { RawHeaders } from './headers.ts'
import { type Answer, collecting, type Settle, type Sink, streaming } from './sinks.ts'

/** What to do with an answer: stream it to the client, or keep it (as far as the bounds go) for the caller. */
export type Verdict = 'relay' | 'collect'

export interface RelayOptions {
  readonly dispatcher: Dispatcher
  readonly request: Dispatcher.DispatchOptions
  readonly response: ServerResponse
  readonly clock: Clock
  /** Aborts when the client has left. */
  readonly signal: EndSignal
  /** Asked once, when the answer's headers are there. */
  decide(status: number, headers: RawHeaders): Verdict
  /** Sends the head of an answer that is relayed. */
  sendHead(status: number, headers: RawHeaders): void
}

/**
 * Sends one request upstream and streams the answer to the client as it comes, as fast as the client takes it.
 * Rejects when no answer came. When one breaks off in the middle, the client's connection is broken off too, so that
 * it never looks complete, and the promise rejects as well.
 */
export function relay(options: RelayOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    options.dispatcher.dispatch(options.request, new RelayHandler(options, { resolve, reject }))
  })
}

class RelayHandler implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions
  readonly #settle: Settle
  #controller: Dispatcher.DispatchController | undefined
  #sink: Sink | undefined

  constructor(options: RelayOptions, settle: Settle) {
    this.#options = options
    this.#settle = settle
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { signal } = this.#options
    this.#controller = controller
    if (signal.aborted) controller.abort(signal.reason)
    else signal.addEventListener('abort', this.#onLeave)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx is between the upstream and this proxy
    if (status >= 200) this.#sink = this.#begin(controller, status, latin1(controller.rawHeaders))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#sink?.data(chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#release()
    this.#sink?.end(latin1(controller.rawTrailers))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#release()
    if (this.#sink) this.#sink.fail(error)
    else this.#settle.reject(error)
  }

  readonly #onLeave = () => this.#controller?.abort(this.#options.signal.reason)

  #begin(controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): Sink {
    const { response, clock, decide, sendHead } = this.#options
    if (decide(status, headers) === 'collect') return collecting(status, headers, controller, clock, this.#settle)
    sendHead(status, headers)
    return streaming(status, headers, response, controller, this.#settle)
  }

  #release(): void {
    this.#options.signal.removeEventListener('abort', this.#onLeave)
  }
}

/** Header bytes are no particular encoding (RFC 9110, 5.5); latin1 carries every byte there and back. */
function latin1(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  return Array.isArray(raw) ? raw.map(part => (typeof part === 'string' ? part : part.toString('latin1'))) : []
}
