import type { IncomingMessage } from 'node:http'

/** Whether a request has a body (RFC 9112, 6.3). */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** A piece of a body and the way to the one after it, which is read when it is first asked for. */
interface Piece {
  /** Undefined before the first piece and after the last. */
  readonly chunk: Buffer | undefined
  next(): Promise<Piece>
}

/**
 * The body of a request, streamed as it comes and kept meanwhile, so that it can be sent a second time: the kept part
 * again, then the rest. Past `keep` bytes the beginning is let go, and the body can be sent only once.
 */
export class RequestBody {
  readonly #source: AsyncIterator<Buffer>
  readonly #keep: number
  #start: Piece | undefined
  #size = 0

  constructor(source: AsyncIterable<Buffer>, keep: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#keep = keep
    this.#start = this.#piece(undefined)
  }

  /** Whether {@link RequestBody.send} may be called, for the first time or once more. */
  get replayable(): boolean {
    return this.#start !== undefined
  }

  /**
   * The body from its beginning. It may be called while it is replayable, also when an abandoned sending still waits for
   * the client: both then wait for the same piece.
   */
  send(): AsyncGenerator<Buffer> {
    return walk(this.#start)
  }

  #piece(chunk: Buffer | undefined): Piece {
    let next: Promise<Piece> | undefined
    return {
      chunk,
      next: () => {
        next ??= this.#read()
        return next
      },
    }
  }

  async #read(): Promise<Piece> {
    const { value, done } = await this.#source.next()
    if (done) return this.#piece(undefined)
    this.#size += value.length
    if (this.#size > this.#keep) this.#start = undefined
    return this.#piece(value)
  }
}

/** Holds on to no piece that it has left behind: a body of any size passes through. */
async function* walk(piece: Piece | undefined): AsyncGenerator<Buffer> {
  for (piece = await piece?.next(); piece?.chunk; piece = await piece.next()) yield piece.chunk
}
