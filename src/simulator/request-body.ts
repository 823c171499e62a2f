// Consumes a request body and digests it.

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const MAX_TEXT_BYTES = 1024 * 1024

/** The size of a body and its SHA-256 in hex. */
export interface Digest {
  readonly bytes: number
  readonly sha256: string
}

/** A request body, digested as it arrives. Its bytes are kept only up to the 1 MiB that the API accepts as JSON. */
export class RequestBody {
  /** Resolves when the body has ended: true if it is complete, false if the client disconnected. */
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

  /** The digest of the bytes received so far. */
  get digest(): Digest {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
  }

  /** The body as text; undefined when it is larger than the 1 MiB that the API accepts as JSON. */
  get text(): string | undefined {
    return this.#bytes > MAX_TEXT_BYTES ? undefined : Buffer.concat(this.#kept).toString()
  }
}
