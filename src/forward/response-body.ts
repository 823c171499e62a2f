import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Budget } from '../kernel/budget.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { clientTrailers } from './headers/headers.ts'
import type { ResponseHead } from './response-head.ts'

/** How much of the body of an error response to read, in bytes: for a problem document, and to pass it through. */
const [MAX_FOR_PROBLEM, MAX_PASSED] = [64 * 1024, 256 * 1024]

/** The time limit for reading the body of an error response, in milliseconds. */
const MAX_COLLECTING = 2_000

/** The largest body, in bytes, that is cheaper to copy next to its head than to write separately. */
const MAX_JOINED = 16 * 1024

/** Receives the body of a response in pieces. */
export interface BodySink {
  data(chunk: Buffer): void
  end(trailers: RawHeaders): void
  fail(error: Error): void
}

/** The outcome of a response: streamed to the client (`relayed`), or collected for the caller. */
export type ResponseOutcome = { readonly kind: 'relayed' } | CollectedResponse

/** An error response, read into memory. */
export interface CollectedResponse extends ResponseHead {
  readonly kind: 'collected'
  readonly body: Buffer
  /** False if the body was truncated, either by the limits or by the upstream. */
  readonly complete: boolean
}

const RELAYED: ResponseOutcome = { kind: 'relayed' }

/** The attempt that a body comes from. The sink controls it and reports the outcome to it. */
export interface ResponseSource {
  /** Called with each piece of the body that is sent to the client. */
  sent(piece: Buffer): void
  pause(): void
  resume(): void
  abort(reason: Error): void
  resolve(answer: ResponseOutcome): void
  reject(error: unknown): void
}

/**
 * Streams a response to the client as it arrives, no faster than the client reads it. If the response breaks off, so
 * does the client's connection, so that a truncated response never looks complete. The head is sent with the first
 * piece of the body in one write, or alone if no piece follows immediately. Until then, a failure can still become a
 * problem document.
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

  /** `headers` are those of the response; `sendHead` writes its head. */
  constructor(headers: RawHeaders, response: ServerResponse, source: ResponseSource, sendHead: () => void) {
    this.#headers = headers
    this.#length = Number(headerOf(headers, 'content-length'))
    this.#response = response
    this.#source = source
    this.#sendHead = sendHead
    this.#headAlone = setImmediate(StreamingSink.#flushLater, this)
  }

  data(chunk: Buffer): void {
    // if the body arrived in one piece, its end follows immediately
    if (chunk.length === this.#length) {
      this.#whole = chunk
      return
    }
    this.#begin()
    this.#source.sent(chunk)
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
    if (this.#whole) {
      this.#source.sent(this.#whole)
      endWith(response, this.#whole)
    } else response.end()
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

  /** Flushes after one turn of the event loop, in which undici may still report a fault that follows the head. */
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
   * Resumes in a microtask. If several responses are queued on one connection, Node.js emits `drain` while it writes
   * another of them, from within undici's parser, which cannot resume a second connection at that point.
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
 * Sends a small body as text, because Node.js joins only text with the head: one write instead of three. A response has
 * no socket while it waits for earlier responses on its connection, or once the client has left.
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
 * Breaks off a truncated response with these headers in a way that the client notices. If the response has neither a
 * length nor chunks, only a reset of the connection can show the truncation (RFC 9112, 8).
 */
export function breakOff(response: ServerResponse, headers: RawHeaders): void {
  const { socket, chunkedEncoding } = response
  const isFramed = chunkedEncoding || headerOf(headers, 'content-length') !== undefined
  if (!isFramed && isPlainTcp(socket)) socket.resetAndDestroy()
  else response.destroy()
}

/**
 * Whether a connection is plain TCP, because only TCP can be reset. TLS shows a truncation by a missing close_notify
 * (RFC 8446, 6.1); a Unix socket cannot show it.
 */
function isPlainTcp(socket: Socket | null): socket is Socket {
  return socket !== null && socket.localAddress !== undefined && !(socket instanceof TLSSocket)
}

/** What {@link collectingSink} needs. */
export interface CollectingOptions {
  readonly clock: Clock
  /** Whether the body is to be passed through unchanged. */
  readonly passthrough: boolean
  /** Limits the memory for the collected bodies of all error responses together. */
  readonly memory: Budget
  /** Aborts when the collected body is no longer needed. */
  readonly over: EndSignal
}

/** Returns a sink that collects a body for the caller, up to the limits. */
export function collectingSink(
  { status, headers }: ResponseHead,
  source: ResponseSource,
  options: CollectingOptions,
): BodySink {
  const { clock, passthrough, memory, over } = options
  const max = passthrough ? MAX_PASSED : MAX_FOR_PROBLEM
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
