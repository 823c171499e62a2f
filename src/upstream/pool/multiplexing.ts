import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { headerOf } from '../../http/raw-headers.ts'
import { elapsed, type Instant, instantOf } from '../../kernel/instant.ts'
import type { DispatchOptions } from '../dispatcher.ts'
import type { Http2Connection } from '../http2/connection.ts'
import { IdleLimit } from './idle-limit.ts'
import { Pause } from './pause.ts'
import { LEAD, type PoolOptions } from './pool-options.ts'

/** The largest request body, in bytes: what an upstream takes at once, before its flow control asks for a round trip. */
const LARGEST_BODY = 64 * 1024

/** The largest request line and headers, in bytes: much more would end the connection for all requests. */
const LARGEST_HEAD = 8 * 1024

/**
 * The HTTP/2 connection to one origin, if the upstream offers HTTP/2. It takes requests for which no other connection is
 * ready, because opening one takes three round trips.
 */
export class Multiplexing {
  readonly #origin: string
  readonly #options: PoolOptions
  /** Takes a connection on which the upstream chose HTTP/1.1. */
  readonly #adopt: (socket: Socket) => void
  readonly #limit = new IdleLimit<Http2Connection>()
  readonly #pause = new Pause()
  readonly #all = new Set<Http2Connection>()
  #connection: Http2Connection | undefined
  #isOpening = false
  #isOffered: boolean

  constructor(origin: string, options: PoolOptions, adopt: (socket: Socket) => void) {
    this.#origin = origin
    this.#options = options
    this.#adopt = adopt
    this.#isOffered = options.http2 && origin.startsWith('https:')
  }

  /** Whether there is no connection. */
  get isEmpty(): boolean {
    return this.#all.size === 0
  }

  /** How many requests run on it. */
  get running(): number {
    return this.#connection?.running ?? 0
  }

  /** Returns the connection if it can take this request now. */
  for(request: DispatchOptions, now: Instant): Http2Connection | undefined {
    const connection = this.#connection
    return connection && connection.capacity > 0 && this.#leftOf(connection, now) > 0 && isSmall(request)
      ? connection
      : undefined
  }

  /** Opens the connection if there is none that can be used for long enough. */
  keepReady(now: Instant): void {
    if (!this.#isOffered || this.#isOpening || this.#pause.isOn(now.monotonic)) return
    if (!this.#connection?.isUsable || this.#leftOf(this.#connection, now) <= LEAD) void this.#open()
  }

  /** Uses the connection no longer once it is too old. */
  retireOld(now: Instant): void {
    this.#limit.look(now)
    if (this.#connection && this.#leftOf(this.#connection, now) <= 0) this.#replace(undefined)
  }

  /** Closes each connection when its requests are over. */
  close(): void {
    this.#isOffered = false
    this.#limit.close()
    for (const connection of this.#all) connection.retire()
  }

  /** Closes all connections. Requests that still run fail. */
  destroy(): void {
    this.#isOffered = false
    for (const connection of this.#all) connection.destroy()
  }

  async #open(): Promise<void> {
    this.#isOpening = true
    try {
      const socket = await this.#options.connect(this.#origin, ['h2', 'http/1.1'])
      const isHttp2 = (socket as TLSSocket).alpnProtocol === 'h2'
      // loaded only for upstreams that offer HTTP/2
      const http2 = isHttp2 ? await import('../http2/connection.ts') : undefined
      this.#pause.succeeded()
      this.#opened(socket, http2?.Http2Connection)
    } catch {
      this.#pause.failed(this.#options.clock.monotonic())
    }
    this.#isOpening = false
  }

  #opened(socket: Socket, Connection: typeof Http2Connection | undefined): void {
    const { clock, limits } = this.#options
    if (!this.#isOffered) socket.destroy()
    else if (Connection) {
      const closed = () => this.#closed(connection)
      const connection = new Connection(this.#origin, socket as TLSSocket, { clock, ...limits, closed })
      this.#all.add(connection)
      this.#replace(connection)
    } else {
      this.#isOffered = false
      this.#adopt(socket)
    }
  }

  /** Uses another connection from now on. */
  #replace(connection: Http2Connection | undefined): void {
    const before = this.#connection
    this.#connection = connection
    if (before?.running === 0) this.#limit.watch(before)
    else before?.retire()
  }

  #closed(connection: Http2Connection): void {
    this.#all.delete(connection)
    const isCurrent = connection === this.#connection
    if (isCurrent) this.#connection = undefined
    if (isCurrent || this.#limit.isWatching(connection)) this.#limit.closed(connection, instantOf(this.#options.clock))
  }

  /** For how many more milliseconds a connection may be used. */
  #leftOf({ running, idleSince }: Http2Connection, now: Instant): number {
    return running > 0 ? Number.POSITIVE_INFINITY : this.#limit.usable - elapsed(idleSince, now)
  }
}

function isSmall({ path, headers, body }: DispatchOptions): boolean {
  // requests of this proxy have their headers in a list
  const raw = headers as readonly string[]
  const length = body ? Number(headerOf(raw, 'content-length') ?? Number.POSITIVE_INFINITY) : 0
  return length <= LARGEST_BODY && raw.reduce((size, text) => size + text.length, path.length) <= LARGEST_HEAD
}
