import type { Dispatcher } from 'undici'
import type { RawHeaders } from '../http/raw-headers.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Carrier, OlderHandler } from '../upstream/undici/handler.ts'
import type { BodySink, ResponseOutcome, ResponseSource } from './response-body.ts'

export interface ResponseHandlerOptions {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: EndSignal
  /** Taken out of headers and trailers, as no client may see it. */
  readonly token: Secret
}

/** Receives the answer to one request from undici. What extends it says where that goes. */
export abstract class ResponseHandler implements OlderHandler, ResponseSource {
  readonly #signal: EndSignal
  readonly #token: Secret
  #resolve: ((answer: ResponseOutcome) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  #abort: ((reason: Error) => void) | undefined
  #resume: (() => void) | undefined
  #paused = false
  #isAnswered = false
  #sink: BodySink | undefined

  constructor({ signal, token }: ResponseHandlerOptions) {
    this.#signal = signal
    this.#token = token
  }

  /** Whether anything of an answer has come: the upstream has taken the request, then. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Sends the request, which is done once. Rejects when no answer came, or not all of one that was not kept. */
  send(carrier: Carrier, request: Dispatcher.DispatchOptions): Promise<ResponseOutcome> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      carrier.dispatch(request, this)
    })
  }

  /** Says where an answer goes, once its headers are there. */
  protected abstract begin(status: number, headers: RawHeaders): BodySink

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    if (this.#signal.aborted) abort(this.#signal.reason)
    else this.#signal.addEventListener('abort', this.#onLeave)
  }

  onResponseStarted(): void {
    this.#isAnswered = true
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    this.#resume = resume
    this.#sink = this.begin(status, this.#textOf(headers))
    return !this.#paused
  }

  onData(chunk: Buffer): boolean {
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
    else this.reject(error)
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

  resolve(answer: ResponseOutcome): void {
    this.#resolve?.(answer)
  }

  reject(error: unknown): void {
    this.#reject?.(error)
  }

  readonly #onLeave = () => this.abort(this.#signal.reason)

  #release(): void {
    this.#signal.removeEventListener('abort', this.#onLeave)
  }

  /** Header bytes are no particular encoding (RFC 9110, 5.5); latin1 carries every byte there and back. */
  #textOf(raw: readonly (string | Buffer)[]): RawHeaders {
    return raw.map(part => {
      const text = typeof part === 'string' ? part : part.toString('latin1')
      return this.#token.fitsIn(text) ? this.#token.maskIn(text) : text
    })
  }
}
