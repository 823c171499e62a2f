import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Whether a request has a body (RFC 9112, 6.3). */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** So many bytes are read ahead of the upstream. */
const READ_AHEAD = 64 * 1024

/**
 * The body of a request, streamed as it comes and kept meanwhile, so that it can be sent a second time: the kept part
 * again, then the rest. Past `keep` bytes the beginning is let go, and the body can be sent only once.
 */
export class RequestBody {
  readonly #source: Readable
  readonly #keep: number
  #kept: Buffer[] = []
  #isKeptWhole = true
  #size = 0
  #isRead = false
  /** How the body ended: with an error where it broke off. */
  #end: { readonly error?: Error } | undefined
  #sending: Readable | undefined

  constructor(source: Readable, keep: number) {
    this.#source = source
    this.#keep = keep
  }

  /** Whether {@link RequestBody.send} may be called, for the first time or once more. */
  get replayable(): boolean {
    return this.#isKeptWhole
  }

  /** The body from its beginning, in place of the sending before. It may be called while it is replayable. */
  send(): Readable {
    this.#sending?.destroy()
    const sending = new Readable({ highWaterMark: READ_AHEAD, read: () => this.#read() })
    // a sending that was given up may still fail, of which nobody needs to hear
    sending.on('error', () => {})
    this.#sending = sending
    for (const chunk of this.#kept) sending.push(chunk)
    if (this.#end) finish(sending, this.#end)
    return sending
  }

  #read(): void {
    if (this.#isRead) {
      this.#source.resume()
      return
    }
    this.#isRead = true
    this.#source.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#source.on('end', () => this.#finish({}))
    this.#source.on('error', error => this.#finish({ error }))
    this.#source.on('close', () => this.#finish({ error: new Error('the client has left') }))
  }

  #take(chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > this.#keep) {
      this.#isKeptWhole = false
      this.#kept = []
    } else this.#kept.push(chunk)
    if (!this.#sending?.push(chunk)) this.#source.pause()
  }

  #finish(end: { readonly error?: Error }): void {
    if (this.#end) return
    this.#end = end
    if (this.#sending) finish(this.#sending, end)
  }
}

function finish(sending: Readable, { error }: { readonly error?: Error }): void {
  if (error) sending.destroy(error)
  else sending.push(null)
}
