import { type ClientHttp2Stream, constants } from 'node:http2'
import { Readable } from 'node:stream'
import { errors } from 'undici'
import type { Clock } from '../../kernel/clock.ts'
import type { DispatchOptions } from '../dispatcher.ts'
import type { DispatchController, DispatchHandler } from '../undici/handler.ts'
import { IdleTimer } from './idle-timer.ts'
import { streamError } from './stream-error.ts'
import { listen, type StreamEvents } from './stream-events.ts'
import { Upload } from './upload.ts'

/** Limits of each request: times in milliseconds, 0 for none, and the largest header section in bytes. */
export interface ExchangeLimits {
  readonly clock: Clock
  readonly headersTimeout: number
  readonly bodyTimeout: number
  readonly maxHeaderSize: number
}

/** What an {@link Exchange} needs of its connection. */
export interface ExchangeConnection {
  /** Whether the connection is closed. */
  readonly isGone: boolean
  /** The last stream that the upstream processes, if it goes away (GOAWAY). */
  readonly lastStream: number
  /** Called once, when the request is over. */
  ended(): void
}

/** The lowest status of a final response (RFC 9110, 15). */
const FINAL = 200

/**
 * One request and its response on a stream of HTTP/2. Calls the handler as undici's client does over HTTP/1.1: `abort`
 * and an error that a handler throws end it with `onResponseError`, which is called at most once.
 */
export class Exchange implements DispatchController, StreamEvents {
  readonly #handler: DispatchHandler
  readonly #connection: ExchangeConnection
  readonly #limits: ExchangeLimits
  readonly #timer: IdleTimer
  #stream: ClientHttp2Stream | undefined
  #upload: Upload | undefined
  #reason: Error | null = null
  #error: Error | undefined
  #isSent = true
  #isStarted = false
  #isAnswered = false
  /** Whether the upstream has ended the response, and not only the stream (END_STREAM). */
  #isComplete = false
  #isPaused = false
  #isOver = false
  /** What arrived of a complete response while the handler pauses. */
  readonly #held: Buffer[] = []
  rawHeaders: string[] | null = null
  rawTrailers: string[] | null = null

  constructor(handler: DispatchHandler, connection: ExchangeConnection, limits: ExchangeLimits) {
    this.#handler = handler
    this.#connection = connection
    this.#limits = limits
    this.#timer = new IdleTimer(limits.clock)
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

  /** Sends the request on the stream that `open` returns, unless the handler aborts it or its body is broken already. */
  start(open: () => ClientHttp2Stream, body: DispatchOptions['body'], length: number | undefined): void {
    try {
      this.#handler.onRequestStart(this)
      if (this.#isOver) return
      if (body instanceof Readable && body.destroyed) throw body.errored ?? new errors.RequestAbortedError()
      this.#stream = open()
      listen(this.#stream, this)
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    this.#timer.start(this.#limits.headersTimeout, () => this.#cancel(new errors.HeadersTimeoutError()))
    this.#upload = new Upload(this.#stream as ClientHttp2Stream, {
      body,
      length,
      progressed: () => this.#timer.happened(),
      failed: error => this.#cancel(error),
    })
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.#reason = reason
    this.#cancel(reason)
  }

  pause(): void {
    this.#isPaused = true
    if (!this.#isComplete) this.#stream?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#timer.happened()
    while (this.#held.length > 0 && !this.#isPaused) this.#pass(this.#held.shift() as Buffer)
    if (!this.#isPaused) this.#goOn()
  }

  #goOn(): void {
    if (this.#stream?.readableEnded) this.ended()
    else this.#stream?.resume()
  }

  head(status: number, raw: readonly string[]): void {
    if (this.#isOver || this.#isTooLarge(raw)) return
    if (!this.#isStarted) this.#handler.onResponseStarted?.()
    this.#isStarted = true
    // without `:status`
    this.rawHeaders = raw.slice(2)
    if (status >= FINAL) {
      this.#isAnswered = true
      this.#awaitBody()
    } else this.#timer.happened()
    try {
      this.#handler.onResponseStart(this, status)
    } catch (error) {
      this.abort(error as Error)
    }
  }

  #awaitBody(): void {
    const { bodyTimeout } = this.#limits
    this.#timer.start(bodyTimeout, () => {
      if (this.#isPaused) this.#awaitBody()
      else this.#cancel(new errors.BodyTimeoutError())
    })
  }

  data(chunk: Buffer): void {
    if (this.#isPaused) this.#held.push(chunk)
    else this.#pass(chunk)
  }

  #pass(chunk: Buffer): void {
    if (this.#isOver) return
    this.#timer.happened()
    try {
      this.#handler.onResponseData(this, chunk)
    } catch (error) {
      this.abort(error as Error)
    }
  }

  trailers(raw: readonly string[]): void {
    if (!this.#isTooLarge(raw)) this.rawTrailers = [...raw]
  }

  #isTooLarge(raw: readonly string[]): boolean {
    const isTooLarge = raw.reduce((size, text) => size + text.length, 0) > this.#limits.maxHeaderSize
    if (isTooLarge) this.#cancel(new errors.HeadersOverflowError())
    return isTooLarge
  }

  /** Takes what a paused handler has not yet read from the stream: it would be lost with the connection. */
  completed(): void {
    this.#isComplete = true
    if (this.#isPaused) this.#stream?.resume()
  }

  ended(): void {
    if (this.#isOver || (this.#isPaused && this.#isComplete)) return
    if (!this.#isComplete) {
      this.#cancel(this.#failure())
      return
    }
    this.#settle()
    try {
      this.#handler.onResponseEnd(this)
    } catch (error) {
      this.#handler.onResponseError(this, error as Error)
    }
  }

  unsent(): void {
    this.#isSent = false
  }

  failed(error: NodeJS.ErrnoException): void {
    // says no more than the code of the stream
    if (error.code !== 'ERR_HTTP2_STREAM_ERROR') this.#error = error
  }

  closed(): void {
    if (!this.#isComplete || !this.#stream?.readableEnded) this.#fail(this.#failure())
  }

  #failure(): Error {
    const { id, rstCode } = this.#stream as ClientHttp2Stream
    const { isGone, lastStream } = this.#connection
    return streamError({
      code: rstCode,
      error: this.#error,
      isConnectionGone: isGone,
      isLeftOut: !this.#isSent || id === undefined || id > lastStream,
      isAnswered: this.#isAnswered,
    })
  }

  /** Fails, and resets the stream. */
  #cancel(error: Error): void {
    const stream = this.#stream
    this.#fail(error)
    stream?.close(constants.NGHTTP2_CANCEL)
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#settle()
    this.#handler.onResponseError(this, error)
  }

  /** Ends the exchange. Only an upload may still run, which is of no use to anybody now. */
  #settle(): void {
    this.#isOver = true
    this.#timer.stop()
    this.#held.length = 0
    if (this.#upload && !this.#upload.isOver) {
      this.#upload.stop()
      this.#stream?.close(constants.NGHTTP2_CANCEL)
      this.#stream?.destroy()
    }
    this.#connection.ended()
  }
}
