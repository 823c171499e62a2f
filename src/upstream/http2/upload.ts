import type { ClientHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { errors } from 'undici'
import type { DispatchOptions } from '../dispatcher.ts'

/** The body of a request, and who is told how it goes. */
export interface UploadOptions {
  readonly body: DispatchOptions['body']
  /** How many bytes were announced, if any were. */
  readonly length: number | undefined
  /** Called when a part was sent. */
  progressed(): void
  /** Called if the body breaks off, or is not as long as announced. */
  failed(error: Error): void
}

/** Sends the body of a request on a stream, no faster than the upstream takes it. */
export class Upload {
  readonly #stream: ClientHttp2Stream
  readonly #options: UploadOptions
  readonly #body: Readable | undefined
  #sent = 0
  #isOver = false

  constructor(stream: ClientHttp2Stream, options: UploadOptions) {
    this.#stream = stream
    this.#options = options
    const { body } = options
    if (body instanceof Readable) this.#body = this.#send(body)
    else this.#finish(body)
  }

  /** Whether there is nothing more to send. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Sends no more of the body. */
  stop(): void {
    this.#isOver = true
    this.#body?.destroy()
  }

  #send(body: Readable): Readable {
    this.#stream.on('drain', () => {
      this.#options.progressed()
      body.resume()
    })
    return body
      .on('error', error => this.#fail(error))
      .on('close', () => this.#fail(new errors.RequestAbortedError()))
      .on('end', () => this.#end())
      .on('data', (chunk: Buffer) => this.#write(chunk, body))
  }

  #write(chunk: Buffer, body: Readable): void {
    // the upstream wants no more of it once the stream is closed; a write would be an error that hides the response
    if (this.#isOver || !this.#stream.writable) return
    this.#sent += chunk.length
    if (this.#sent > (this.#options.length ?? this.#sent)) {
      this.#fail(new errors.RequestContentLengthMismatchError())
      return
    }
    this.#options.progressed()
    if (!this.#stream.write(chunk)) body.pause()
  }

  #end(): void {
    if (this.#isOver) return
    const { length } = this.#options
    if (length !== undefined && this.#sent < length) this.#fail(new errors.RequestContentLengthMismatchError())
    else this.#finish()
  }

  #finish(last?: unknown): void {
    this.#isOver = true
    if (this.#stream.writable) this.#stream.end(last)
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.failed(error)
  }
}
