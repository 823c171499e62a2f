import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Budget } from '../kernel/budget.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { clientTrailers } from './headers/headers.ts'
import type { ResponseHead } from './response-head.ts'

/** An error's body is not read beyond so many bytes where it is told, and so many where it is passed on. */
const [MAX_TOLD, MAX_PASSED] = [64 * 1024, 256 * 1024]

/** Nor waited for longer than this, in milliseconds. */
const MAX_COLLECTING = 2_000

/** A body of at most so many bytes is cheaper copied than written beside its head. */
const MAX_JOINED = 16 * 1024

/** Where an answer goes, its head excepted. */
export interface BodySink {
  data(chunk: Buffer): void
  end(trailers: RawHeaders): void
  fail(error: Error): void
}

/** What became of an answer. */
export type ResponseOutcome = { readonly kind: 'relayed' } | CollectedResponse

/** An answer that was kept. */
export interface CollectedResponse extends ResponseHead {
  readonly kind: 'collected'
  readonly body: Buffer
  /** False when the body was cut off, by the bounds or by the upstream. */
  readonly complete: boolean
}

const RELAYED: ResponseOutcome = { kind: 'relayed' }

/** Where an answer comes from, and who is told what became of it. */
export interface ResponseSource {
  pause(): void
  resume(): void
  abort(reason: Error): void
  resolve(answer: ResponseOutcome): void
  reject(error: unknown): void
}

/**
 * Streams an answer to a client, as it comes and as fast as the client takes it. Where it breaks off, the client's
 * connection is broken off too, so that it never looks complete. The head goes out with the first of the body, so that both
 * are one write, or alone where that does not follow at once; until then the client may still be told of a failure.
 */
export class StreamingSink implements BodySink {
  readonly #headers: RawHeaders
  readonly #length: number
  readonly #response: ServerResponse
  readonly #source: ResponseSource
  #sendHead: (() => void) | undefined
  #headAlone: NodeJS.Immediate
  #whole: Buffer | undefined
  #onDrain: (() => void) | undefined

  /** `sendHead` writes the head of the answer, which has these headers. */
  constructor(headers: RawHeaders, response: ServerResponse, source: ResponseSource, sendHead: () => void) {
    this.#headers = headers
    this.#length = Number(headerOf(headers, 'content-length'))
    this.#response = response
    this.#source = source
    this.#sendHead = sendHead
    this.#headAlone = setImmediate(StreamingSink.#flushLater, this)
  }

  data(chunk: Buffer): void {
    // the end of a body that came in one piece follows at once
    if (chunk.length === this.#length) {
      this.#whole = chunk
      return
    }
    this.#begin()
    if (!this.#response.write(chunk)) {
      this.#source.pause()
      this.#resumeOnDrain()
    }
  }

  end(trailers: RawHeaders): void {
    this.#begin()
    this.#forgetDrain()
    const response = this.#response
    if (trailers.length > 0) response.addTrailers(clientTrailers(trailers))
    if (this.#whole) endWith(response, this.#whole)
    else response.end()
    this.#source.resolve(RELAYED)
  }

  fail(error: Error): void {
    clearImmediate(this.#headAlone)
    this.#forgetDrain()
    if (!this.#sendHead) breakOff(this.#response, this.#headers)
    this.#source.reject(error)
  }

  #begin(): void {
    clearImmediate(this.#headAlone)
    this.#sendHead?.()
    this.#sendHead = undefined
  }

  /** In the turn of the event loop after this one: in this one undici still tells of a fault found behind the head. */
  static #flushLater(streaming: StreamingSink): void {
    streaming.#headAlone = setImmediate(() => streaming.#flushHead())
  }

  #flushHead(): void {
    try {
      this.#begin()
      this.#response.flushHeaders()
    } catch (error) {
      this.#source.abort(error as Error)
    }
  }

  /**
   * Not at once: where answers are queued on one connection, Node.js tells this one while another is being written, from
   * within undici's parser, which cannot take up a second connection there.
   */
  #resumeOnDrain(): void {
    if (this.#onDrain) return
    this.#onDrain = () => queueMicrotask(() => this.#source.resume())
    this.#response.on('drain', this.#onDrain)
  }

  #forgetDrain(): void {
    if (this.#onDrain) this.#response.off('drain', this.#onDrain)
  }
}

/**
 * A small body goes out at once and as text, which alone Node.js joins with the head: one write instead of three. The
 * answer has no socket while it waits for those before it, or once the client has left.
 */
function endWith(response: ServerResponse, body: Buffer): void {
  const { socket } = response
  if (socket === null || body.length > MAX_JOINED) {
    response.end(body)
    return
  }
  socket.cork()
  response.write(body.toString('latin1'), 'latin1')
  socket.uncork()
  response.end()
}

/**
 * Ends an answer with these headers that is not whole. Where it has no length, nothing but a reset tells that to a client
 * which does not know chunks (RFC 9112, 8).
 */
export function breakOff(response: ServerResponse, headers: RawHeaders): void {
  const { socket, chunkedEncoding } = response
  const isFramed = chunkedEncoding || headerOf(headers, 'content-length') !== undefined
  if (!isFramed && isPlainTcp(socket)) socket.resetAndDestroy()
  else response.destroy()
}

/** No other can be reset: TLS has an end of its own that is missing then (RFC 8446, 6.1), a Unix socket has nothing. */
function isPlainTcp(socket: Socket | null): socket is Socket {
  return socket !== null && socket.localAddress !== undefined && !(socket instanceof TLSSocket)
}

export interface CollectingOptions {
  readonly clock: Clock
  /** Whether the body is to reach the client as it came. */
  readonly passthrough: boolean
  /** For all bodies that are kept so. */
  readonly memory: Budget
  /** Aborts when what was kept is needed no more. */
  readonly over: EndSignal
}

/** Keeps the body for the caller, as far as the bounds go. */
export function collectingSink(
  { status, headers }: ResponseHead,
  source: ResponseSource,
  options: CollectingOptions,
): BodySink {
  const { clock, passthrough, memory, over } = options
  const max = passthrough ? MAX_PASSED : MAX_TOLD
  const chunks: Buffer[] = []
  let size = 0
  const cutOff = () => source.abort(new Error('the rest of the answer is not waited for'))
  const timer: Timer = clock.setTimeout(cutOff, MAX_COLLECTING)
  const finish = (complete: boolean) => {
    clock.clearTimeout(timer)
    source.resolve({ kind: 'collected', status, headers, body: Buffer.concat(chunks), complete })
  }
  over.addEventListener('abort', () => memory.give(size))
  return {
    data(chunk) {
      if (size + chunk.length > max || !memory.take(chunk.length)) return cutOff()
      size += chunk.length
      chunks.push(chunk)
    },
    end: () => finish(true),
    fail: () => finish(false),
  }
}
