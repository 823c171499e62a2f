import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import type { Secret } from '../kernel/secret.ts'
import type { OlderHandler } from './agent.ts'
import type { RawHeaders } from './headers.ts'
import { type Answer, type Collected, collecting, type Sink, type Source, Streaming } from './sinks.ts'

/** What to do with an answer: stream it to the client, or keep it (as far as the bounds go) for the caller. */
export type Verdict = 'relay' | 'collect'

export interface CollectOptions {
  readonly dispatcher: Dispatcher
  readonly request: Dispatcher.DispatchOptions
  readonly clock: Clock
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: EndSignal
  /** Told of each piece of the body. */
  seen?(chunk: Buffer): void
  /** Taken out of headers and trailers, as no client may see it. */
  readonly token: Secret
}

export interface RelayOptions extends CollectOptions {
  readonly response: ServerResponse
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
  const { response, clock } = options
  return new Promise((resolve, reject) => {
    const settle = { resolve, reject }
    const begin: Begin = (status, headers, source) => {
      if (options.decide(status, headers) === 'collect') return collecting(status, headers, source, clock, resolve)
      options.sendHead(status, headers)
      return new Streaming(status, headers, response, source, settle)
    }
    options.dispatcher.dispatch(options.request, new Handler(options, begin, reject))
  })
}

/** Sends one request upstream and keeps the answer, as far as the bounds go. Rejects when no answer came. */
export function collect(options: CollectOptions): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const begin: Begin = (status, headers, source) => collecting(status, headers, source, options.clock, resolve)
    options.dispatcher.dispatch(options.request, new Handler(options, begin, reject))
  })
}

/** Says where an answer goes, once its headers are there. */
type Begin = (status: number, headers: RawHeaders, source: Source) => Sink

class Handler implements OlderHandler, Source {
  readonly #options: CollectOptions
  readonly #begin: Begin
  readonly #reject: (error: Error) => void
  #abort: ((reason: Error) => void) | undefined
  #resume: (() => void) | undefined
  #paused = false
  #sink: Sink | undefined

  constructor(options: CollectOptions, begin: Begin, reject: (error: Error) => void) {
    this.#options = options
    this.#begin = begin
    this.#reject = reject
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
    if (status >= 200) this.#sink = this.#begin(status, this.#textOf(headers), this)
    return !this.#paused
  }

  onData(chunk: Buffer): boolean {
    this.#options.seen?.(chunk)
    this.#sink?.data(chunk)
    return !this.#paused
  }

  onComplete(trailers: (string | Buffer)[] | null): void {
    this.#release()
    this.#sink?.end(this.#textOf(trailers ?? []))
  }

  onError(error: Error): void {
    this.#release()
    if (this.#sink) this.#sink.fail(error)
    else this.#reject(error)
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

  #release(): void {
    this.#options.signal.removeEventListener('abort', this.#onLeave)
  }

  /** Header bytes are no particular encoding (RFC 9110, 5.5); latin1 carries every byte there and back. */
  #textOf(raw: readonly (string | Buffer)[]): RawHeaders {
    const { token } = this.#options
    return raw.map(part => token.maskIn(typeof part === 'string' ? part : part.toString('latin1')))
  }
}
