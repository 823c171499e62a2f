import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { linger } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndController } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import { endIfLeft } from './half-closed.ts'
import { answerOnSocket } from './socket-response.ts'

/** A response that is not complete yet. */
export interface RunningAnswer {
  readonly response: ServerResponse
  /** Aborts when the response is complete or the client has left. */
  readonly over: EndController
}

/** What {@link Connections} needs to limit the connections of a server. */
export interface ConnectionsOptions {
  readonly clock: Clock
  /** Returns the most connections open at one time. Further ones get a 503. */
  readonly max: () => number
  /** What the 503 suggests. Default: to raise `listen.maxConnections`. */
  readonly advice?: string
}

const ADVICE = 'close some, or raise listen.maxConnections'

/** What is known about an open connection. */
interface Connection {
  /** Its running responses, in the order of their requests. */
  readonly running: RunningAnswer[]
  /** When the connection was opened or its last response was complete, on the monotonic clock. */
  usedAt: number
  /** How many bytes had been received when the last response was complete; null before the first one was. */
  readAt: number | null
}

/** The open connections of clients, each with its running responses in the order of their requests. */
export class Connections {
  // a short list for each, not one Set for all: adding and deleting millions of items in a Set burdens the garbage
  // collector
  readonly #open = new Map<Socket, Connection>()
  readonly #clock: Clock

  constructor(server: Server, { clock, max, advice = ADVICE }: ConnectionsOptions) {
    this.#clock = clock
    Object.assign(server, {
      // otherwise Node.js closes its side when the client closes its own, even before the response is sent (RFC 9112,
      // 9.6)
      httpAllowHalfOpen: true,
      // called by close(), too; that of Node.js 26 resets connections whose first request is on its way
      closeIdleConnections: () => this.closeIdle(),
    })
    // Node.js must not read from a rejected connection
    const serve = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (this.#open.size >= max()) return reject(socket, advice, clock)
      this.#add(socket)
      for (const listener of serve) listener.call(server, socket)
    })
  }

  #add(socket: Socket): void {
    const running: RunningAnswer[] = []
    this.#open.set(socket, { running, usedAt: this.#clock.monotonic(), readAt: null })
    socket.allowHalfOpen = true
    socket.once('end', () => this.#halfClosed(socket, running))
    socket.once('close', () => {
      this.#open.delete(socket)
      // Node.js 20 emits no 'close' on a response that waits for earlier ones
      for (const { over } of [...running]) over.abort()
    })
  }

  /**
   * Handles a client that has closed its side. Node.js closes the connection after the last response, or rejects a
   * request that ended early.
   */
  #halfClosed(socket: Socket, running: readonly RunningAnswer[]): void {
    const last = running.at(-1)
    if (!last) return
    last.response.shouldKeepAlive = false
    void endIfLeft(socket, () => running[0]?.response, this.#clock)
  }

  /** Stops counting a connection, because the connection that replaces it is counted. */
  release(socket: Socket): void {
    this.#open.delete(socket)
  }

  /** Aborts `over` when a response is complete or its client has left. */
  watch(response: ServerResponse, over: EndController): void {
    const connection = this.#open.get(response.req.socket)
    if (!connection) {
      over.abort()
      return
    }
    const { running } = connection
    const entry = { response, over }
    running.push(entry)
    response.on('close', () => {
      running.splice(running.indexOf(entry), 1)
      connection.usedAt = this.#clock.monotonic()
      connection.readAt = response.req.socket.bytesRead
      over.abort()
    })
  }

  /** The latest running response on a connection, if any. */
  latestOn(socket: Socket): ServerResponse | undefined {
    return this.#open.get(socket)?.running.at(-1)?.response
  }

  /** The running response before the latest one, `response`, on its connection, if any. */
  previous({ req }: ServerResponse): ServerResponse | undefined {
    return this.#open.get(req.socket)?.running.at(-2)?.response
  }

  /** The latest running response of each connection that has any. */
  *latest(): Generator<RunningAnswer> {
    for (const { running } of this.#open.values()) yield* running.slice(-1)
  }

  /** All running responses of all connections. */
  *running(): Generator<RunningAnswer> {
    for (const { running } of this.#open.values()) yield* running
  }

  /** The connections without a running response. */
  *quiet(): Generator<Socket> {
    for (const [socket, { running }] of this.#open) if (running.length === 0) yield socket
  }

  /** Closes the connections that wait for another request, of which nothing has arrived. */
  closeIdle(): void {
    for (const [socket, { running, readAt }] of this.#open)
      if (running.length === 0 && socket.bytesRead === readAt) socket.destroy()
  }

  /** Whether any of the connections has a running response, or had one or was opened in the last `ms` milliseconds. */
  wereUsedWithin(ms: number): boolean {
    const since = this.#clock.monotonic() - ms
    return [...this.#open.values()].some(({ running, usedAt }) => running.length > 0 || usedAt >= since)
  }
}

function reject(socket: Socket, advice: string, clock: Clock): void {
  answerOnSocket(socket, new Problem('overloaded', `Too many open connections; ${advice}`))
  // the client may go on sending, but nothing parses it
  socket.on('error', () => {}).resume()
  linger(socket, clock)
}
