import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock, Timer } from '../kernel/clock.ts'
import { headerOf, type RawHeaders } from '../upstream/raw-headers.ts'
import { clientTrailers } from './headers.ts'

/** An error's body is not read beyond this many bytes. */
const MAX_COLLECTED = 64 * 1024

/** Nor waited for longer than this, in milliseconds. */
const MAX_COLLECTING = 2_000

/** A body of at most so many bytes is cheaper copied than written beside its head. */
const MAX_JOINED = 16 * 1024

/** The one status of an answer with a body's length and no body (RFC 9110, 8.6), but for answers to HEAD. */
const NOT_MODIFIED = 304

/** Where an answer goes, its head excepted. */
export interface Sink {
  data(chunk: Buffer): void
  end(trailers: RawHeaders): void
  fail(error: Error): void
}

/** What became of an answer. */
export type Answer = { readonly kind: 'relayed' } | Collected

/** An answer that was kept. */
export interface Collected {
  readonly kind: 'collected'
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Buffer
  /** False when the body was cut off, by the bounds or by the upstream. */
  readonly complete: boolean
}

const RELAYED: Answer = { kind: 'relayed' }

/** Where an answer comes from, and who is told what became of it. */
export interface Source {
  pause(): void
  resume(): void
  abort(reason: Error): void
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * Streams the body to a client whose answer has its head already, as it comes and as fast as the client takes it. Where it
 * breaks off, the client's connection is broken off too, so that it never looks complete.
 */
export class Streaming implements Sink {
  readonly #headers: RawHeaders
  readonly #length: number
  readonly #response: ServerResponse
  readonly #source: Source
  #whole: Buffer | undefined
  #onDrain: (() => void) | undefined

  constructor(status: number, headers: RawHeaders, response: ServerResponse, source: Source) {
    this.#headers = headers
    this.#length = Number(headerOf(headers, 'content-length'))
    this.#response = response
    this.#source = source
    // undici waits for the body that the length in a 304 seems to promise, and then breaks off
    if (status === NOT_MODIFIED) this.end([])
  }

  data(chunk: Buffer): void {
    // the end of a body that came in one piece follows at once
    if (chunk.length === this.#length) this.#whole = chunk
    else if (!this.#response.write(chunk)) {
      this.#source.pause()
      this.#resumeOnDrain()
    }
  }

  end(trailers: RawHeaders): void {
    this.#forgetDrain()
    const response = this.#response
    if (trailers.length > 0) response.addTrailers(clientTrailers(trailers))
    if (this.#whole) endWith(response, this.#whole)
    else response.end()
    this.#source.resolve(RELAYED)
  }

  fail(error: Error): void {
    this.#forgetDrain()
    if (!this.#response.writableEnded) breakOff(this.#response, this.#headers)
    this.#source.reject(error)
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

/** Whether all of a body is sure to be kept by {@link collecting}. */
export function isCollectable(headers: RawHeaders): boolean {
  return Number(headerOf(headers, 'content-length')) <= MAX_COLLECTED
}

/** Keeps the body for the caller, as far as the bounds go. */
export function collecting(status: number, headers: RawHeaders, source: Source, clock: Clock): Sink {
  const chunks: Buffer[] = []
  let size = 0
  const cutOff = () => source.abort(new Error('the rest of the answer is not waited for'))
  const timer: Timer = clock.setTimeout(cutOff, MAX_COLLECTING)
  const finish = (complete: boolean) => {
    clock.clearTimeout(timer)
    source.resolve({ kind: 'collected', status, headers, body: Buffer.concat(chunks), complete })
  }
  return {
    data(chunk) {
      size += chunk.length
      if (size > MAX_COLLECTED) cutOff()
      else chunks.push(chunk)
    },
    end: () => finish(true),
    fail: () => finish(false),
  }
}
