import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'

/** Frame type of a head (RFC 9113, 6.2). */
const HEADERS = 1

/** What happens on a stream, in this order. */
export interface StreamEvents {
  /** A head arrived, interim or final. `raw` has names and values alternating, `:status` first. */
  head(status: number, raw: readonly string[]): void
  data(chunk: Buffer): void
  trailers(raw: readonly string[]): void
  /** The upstream has ended its response (END_STREAM); parts of it may still be on their way through Node.js. */
  completed(): void
  /** There is nothing more to read, whether the response is complete or not. */
  ended(): void
  /** The head of the request could not be sent. */
  unsent(): void
  failed(error: NodeJS.ErrnoException): void
  /** The stream is closed, by either side or with its connection. */
  closed(): void
}

type OnHead = (headers: IncomingHttpHeaders & { readonly ':status'?: number }, flags: number, raw: string[]) => void

/** Reports what happens on a stream. */
export function listen(stream: ClientHttp2Stream, events: StreamEvents): void {
  const head: OnHead = (headers, _flags, raw) => events.head(Number(headers[':status']), raw)
  const trailers: OnHead = (_headers, _flags, raw) => events.trailers(raw)
  noteCompletion(stream, () => events.completed())
  // the types of Node.js 20 lack the last parameter
  stream.on('headers', head as () => void)
  stream.on('response', head as () => void)
  stream.on('data', (chunk: Buffer) => events.data(chunk))
  stream.on('trailers', trailers as () => void)
  stream.on('end', () => events.ended())
  stream.on('error', error => events.failed(error))
  stream.on('frameError', type => {
    if (type === HEADERS) events.unsent()
  })
  stream.on('close', () => events.closed())
}

/**
 * Calls back when the upstream ends its response. Node.js ends a stream in the same way if the upstream resets it with
 * NO_ERROR in the middle of a response, but closes it before that.
 */
function noteCompletion(stream: ClientHttp2Stream, completed: () => void): void {
  const { push } = stream
  stream.push = (chunk, encoding) => {
    if (chunk === null && !stream.closed) completed()
    return push.call(stream, chunk, encoding)
  }
}
