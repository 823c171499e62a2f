import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const MAX_TEXT_BYTES = 1024 * 1024

/** What is kept of a body: its size and the SHA-256 of it, in hex. */
export interface Digest {
  readonly bytes: number
  readonly sha256: string
}

/** A request's body, digested as it arrives. Its bytes are kept only as long as they are few enough to be JSON. */
export class RequestBody {
  /** Settles once the body has ended: true when it came whole, false when the client went away. */
  readonly complete: Promise<boolean>
  readonly #hash = createHash('sha256')
  readonly #kept: Buffer[] = []
  #bytes = 0

  constructor(request: IncomingMessage) {
    request.on('data', (chunk: Buffer) => this.#take(chunk))
    this.complete = new Promise(resolve => {
      request.on('end', () => resolve(true))
      request.on('close', () => resolve(false))
    })
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#hash.update(chunk)
    if (this.#bytes <= MAX_TEXT_BYTES) this.#kept.push(chunk)
  }

  /** The digest of what has arrived so far. */
  get digest(): Digest {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
  }

  /** The body as text, or undefined when it is larger than the 1 MiB that the API takes as JSON. */
  get text(): string | undefined {
    return this.#bytes > MAX_TEXT_BYTES ? undefined : Buffer.concat(this.#kept).toString()
  }
}
