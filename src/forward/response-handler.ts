import type { RawHeaders } from '../http/raw-headers.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Dispatcher, DispatchOptions } from '../upstream/dispatcher.ts'
import { type DispatchController, type DispatchHandler, rawText } from '../upstream/undici/handler.ts'
import type { BodySink, ResponseOutcome, ResponseSource } from './response-body.ts'

/** What a {@link ResponseHandler} needs to know about the request. */
export interface ResponseHandlerOptions {
  /** Aborts when nobody waits for the response any more. */
  readonly signal: EndSignal
  /** The token of the request, which is masked in headers and trailers because no client may see it. */
  readonly token: Secret
}

/** Receives the response to one request from undici. Subclasses decide where its body goes. */
export abstract class ResponseHandler implements DispatchHandler, ResponseSource {
  readonly #signal: EndSignal
  readonly #token: Secret
  #resolve: ((answer: ResponseOutcome) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  #controller: DispatchController | undefined
  #isAnswered = false
  #sink: BodySink | undefined

  constructor({ signal, token }: ResponseHandlerOptions) {
    this.#signal = signal
    this.#token = token
  }

  /** Whether any byte of a response has arrived, which proves that the upstream received the request. */
  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Sends the request. Call it only once. Rejects if there is no response, or if a streamed response breaks off. */
  send(dispatcher: Dispatcher, request: DispatchOptions): Promise<ResponseOutcome> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      dispatcher.dispatch(request, this)
    })
  }

  /** Decides where the body goes. Called once the headers have arrived. */
  protected abstract begin(status: number, headers: RawHeaders): BodySink

  abstract sent(piece: Buffer): void

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller
    if (this.#signal.aborted) controller.abort(this.#signal.reason)
    else this.#signal.addEventListener('abort', this.#onLeave)
  }

  onResponseStarted(): void {
    this.#isAnswered = true
  }

  onResponseStart({ rawHeaders }: DispatchController, status: number): void {
    this.#sink = this.begin(status, this.#masked(rawHeaders))
  }

  onResponseData(_controller: DispatchController, chunk: Buffer): void {
    this.#sink?.data(chunk)
  }

  onResponseEnd({ rawTrailers }: DispatchController): void {
    this.#release()
    this.#sink?.end(this.#masked(rawTrailers))
  }

  onResponseError(_controller: DispatchController | null | undefined, error: Error): void {
    this.#release()
    if (this.#sink) this.#sink.fail(error)
    else this.reject(error)
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason)
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

  #masked(raw: DispatchController['rawHeaders']): RawHeaders {
    return rawText(raw).map(text => (this.#token.fitsIn(text) ? this.#token.maskIn(text) : text))
  }
}
