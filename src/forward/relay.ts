import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import type { OlderHandler } from './agent.ts'
import type { RawHeaders } from './headers.ts'
import { type Answer, collecting, type Settle, type Sink, type Source, streaming } from './sinks.ts'

/** What to do with an answer: stream it to the client, or keep it (as far as the bounds go) for the caller. */
export type Verdict = 'relay' | 'collect'

export interface RelayOptions {
  readonly dispatcher: Dispatcher
  readonly request: Dispatcher.DispatchOptions
  readonly response: ServerResponse
  readonly clock: Clock
  /** Aborts when the client has left. */
  readonly signal: EndSignal
  /** Told of each piece of the body. */
  seen(chunk: Buffer): void
  /** Takes out of headers and trailers what no client may see. */
  mask(headers: RawHeaders): RawHeaders
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

class RelayHandler implements OlderHandler, Source {
  readonly #options: RelayOptions
  readonly #settle: Settle
  #abort: ((reason: Error) => void) | undefined
  #resume: (() => void) | undefined
  #paused = false
  #sink: Sink | undefined

  constructor(options: RelayOptions, settle: Settle) {
    this.#options = options
    this.#settle = settle
  }

  onConnect(abort: (reason?: Error) => void): void {
    const { signal } = this.#options
    this.#abort = abort
    if (signal.aborted) abort(signal.reason)
    else signal.addEventListener('abort', this.#onLeave)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    this.#resume = resume
    // 1xx is between the upstream and this proxy
    if (status >= 200) this.#sink = this.#begin(status, this.#options.mask(latin1(headers)))
    return !this.#paused
  }

  onData(chunk: Buffer): boolean {
    this.#options.seen(chunk)
    this.#sink?.data(chunk)
    return !this.#paused
  }

  onComplete(trailers: (string | Buffer)[] | null): void {
    this.#release()
    this.#sink?.end(this.#options.mask(latin1(trailers ?? [])))
  }

  onError(error: Error): void {
    this.#release()
    if (this.#sink) this.#sink.fail(error)
    else this.#settle.reject(error)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#resume?.()
  }

  abort(reason: Error): void {
    this.#abort?.(reason)
  }

  readonly #onLeave = () => this.abort(this.#options.signal.reason)

  #begin(status: number, headers: RawHeaders): Sink {
    const { response, clock, decide, sendHead } = this.#options
    if (decide(status, headers) === 'collect') return collecting(status, headers, this, clock, this.#settle)
    sendHead(status, headers)
    return streaming(status, headers, response, this, this.#settle)
  }

  #release(): void {
    this.#options.signal.removeEventListener('abort', this.#onLeave)
  }
}

/** Header bytes are no particular encoding (RFC 9110, 5.5); latin1 carries every byte there and back. */
function latin1(raw: readonly (string | Buffer)[]): string[] {
  return raw.map(part => (typeof part === 'string' ? part : part.toString('latin1')))
}
