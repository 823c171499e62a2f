import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { errors } from 'undici'
import { type Instant, instantOf } from '../../kernel/instant.ts'
import type { DispatchOptions } from '../dispatcher.ts'
import { UnprocessedError } from '../errors.ts'
import { CheckedHandler } from '../undici/checked-handler.ts'
import type { DispatchHandler } from '../undici/handler.ts'
import { Exchange, type ExchangeConnection, type ExchangeLimits } from './exchange.ts'
import { Liveness } from './liveness.ts'
import { type RequestHead, requestHead, withJoinedValues } from './request-headers.ts'

/** The most requests at a time, and the most before the upstream has said how many it takes. */
const [MOST, MOST_AT_FIRST] = [100, 10]

/**
 * How many bytes of a response to receive before its client reads them, and of all responses before Node.js has seen
 * them. The first bounds the memory for a slow client; at a distance of 80 ms it still allows 12 MB/s.
 */
const [STREAM_WINDOW, CONNECTION_WINDOW] = [1024 * 1024, 16 * 1024 * 1024]

/** Node.js' own limit of the memory for a connection, in its MB of 10^6 bytes: what all streams may hold. */
const MAX_MEMORY = 256

/** What each header takes of a limit in addition to its bytes (RFC 9113, 6.5.2). */
const HEADER_OVERHEAD = 32

/** What an {@link Http2Connection} needs: the limits of its requests, and whom to tell that it is closed. */
export interface Http2ConnectionOptions extends ExchangeLimits {
  closed(): void
}

/** One connection over HTTP/2 that carries many requests at once, with `node:http2`. */
export class Http2Connection implements ExchangeConnection {
  readonly #authority: string
  readonly #socket: TLSSocket
  readonly #options: Http2ConnectionOptions
  readonly #session: ClientHttp2Session
  #idleSince: Instant
  readonly #liveness: Liveness
  #most = MOST_AT_FIRST
  #running = 0
  #isRetired = false
  #lastStream = Number.POSITIVE_INFINITY

  /** Takes over a connection to an origin on which both sides have agreed on HTTP/2 (ALPN `h2`). */
  constructor(origin: string, socket: TLSSocket, options: Http2ConnectionOptions) {
    this.#authority = new URL(origin).host
    this.#socket = socket.on('error', () => {})
    this.#options = options
    this.#idleSince = instantOf(options.clock)
    this.#liveness = new Liveness(options.clock, {
      get bytesRead() {
        return socket.bytesRead
      },
      ping: () => void this.#session.ping(() => {}),
      died: () => this.destroy(new errors.SocketError('nothing arrives any more')),
    })
    this.#session = connect(origin, {
      createConnection: () => socket,
      maxSessionMemory: MAX_MEMORY,
      maxHeaderListPairs: Math.ceil(options.maxHeaderSize / HEADER_OVERHEAD),
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW,
        // Node.js refuses what is larger with a reset; that it is too large is told best by counting it
        maxHeaderListSize: 2 * options.maxHeaderSize,
      },
    })
    this.#session
      .on('connect', () => {
        if (!this.isGone) this.#session.setLocalWindowSize(CONNECTION_WINDOW)
      })
      .on('remoteSettings', ({ maxConcurrentStreams = MOST }) => {
        this.#most = Math.min(maxConcurrentStreams, MOST)
      })
      .on('goaway', (_code, lastStream) => {
        this.#lastStream = lastStream
        this.#closeIfIdle()
      })
      .on('error', () => {})
      .on('close', () => this.#options.closed())
  }

  /** How many more requests it takes now: none once it is going away. */
  get capacity(): number {
    return this.isUsable ? Math.max(0, this.#most - this.#running) : 0
  }

  /** Since when this connection has carried no request: when its last one ended, or when the connection was opened. */
  get idleSince(): Instant {
    return this.#idleSince
  }

  /** How many requests run on it. */
  get running(): number {
    return this.#running
  }

  /** Sends a request, as {@link Dispatcher} does. It fails with an {@link UnprocessedError} once this is closing. */
  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    let head: RequestHead
    try {
      head = requestHead(this.#authority, options)
    } catch (error) {
      handler.onResponseError(null, error as Error)
      return
    }
    this.#running++
    this.#liveness.start()
    const exchange = new Exchange(new CheckedHandler(handler), this, this.#options)
    exchange.start(() => this.#open(head), options.body, head.length)
  }

  /** Takes no more requests, and closes when those that run are over. */
  retire(): void {
    this.#isRetired = true
    this.#closeIfIdle()
  }

  /** Closes at once. The requests that run fail with the error. */
  destroy(error: Error = new errors.ClientDestroyedError()): void {
    this.#session.destroy(error)
    this.#socket.destroy()
  }

  get isGone(): boolean {
    return this.#session.destroyed
  }

  get lastStream(): number {
    return this.#lastStream
  }

  ended(): void {
    this.#running--
    this.#idleSince = instantOf(this.#options.clock)
    if (this.#running === 0) this.#liveness.stop()
    this.#closeIfIdle()
  }

  /** Whether it takes requests: no longer once it is going away. */
  get isUsable(): boolean {
    const { closed, destroyed } = this.#session
    return !this.#isRetired && this.#socket.writable && !closed && !destroyed
  }

  #open({ headers, length }: RequestHead): ClientHttp2Stream {
    if (!this.isUsable) throw new UnprocessedError()
    const endStream = length === 0
    try {
      return this.#session.request(headers, { endStream })
    } catch {
      // ERR_HTTP2_HEADER_SINGLE_VALUE
      return this.#session.request(withJoinedValues(headers), { endStream })
    }
  }

  /** Closes without waiting for the upstream to do so, which might never happen. */
  #closeIfIdle(): void {
    if (this.#running > 0 || !(this.#isRetired || this.#session.closed)) return
    this.#session.destroy()
    this.#socket.destroySoon()
  }
}
