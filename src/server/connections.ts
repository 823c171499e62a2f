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
}

/** The open connections of clients, each with its running responses in the order of their requests. */
export class Connections {
  // a short list for each, not one Set for all: adding and deleting millions of items in a Set burdens the garbage
  // collector
  readonly #open = new Map<Socket, RunningAnswer[]>()
  readonly #clock: Clock

  constructor(server: Server, { clock, max }: ConnectionsOptions) {
    this.#clock = clock
    // otherwise Node.js closes its side when the client closes its own, even before the response is sent (RFC 9112,
    // 9.6)
    Object.assign(server, { httpAllowHalfOpen: true })
    // Node.js must not read from a rejected connection
    const serve = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (this.#open.size >= max()) return reject(socket, clock)
      this.#add(socket)
      for (const listener of serve) listener.call(server, socket)
    })
  }

  #add(socket: Socket): void {
    const running: RunningAnswer[] = []
    this.#open.set(socket, running)
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
    const running = this.#open.get(response.req.socket)
    if (!running) {
      over.abort()
      return
    }
    const entry = { response, over }
    running.push(entry)
    response.on('close', () => {
      running.splice(running.indexOf(entry), 1)
      over.abort()
    })
  }

  /** The latest running response on a connection, if any. */
  latest(socket: Socket): ServerResponse | undefined {
    return this.#open.get(socket)?.at(-1)?.response
  }

  /** All running responses of all connections. */
  *running(): Generator<RunningAnswer> {
    for (const running of this.#open.values()) yield* running
  }

  /** The connections without a running response. */
  *quiet(): Generator<Socket> {
    for (const [socket, running] of this.#open) if (running.length === 0) yield socket
  }
}

function reject(socket: Socket, clock: Clock): void {
  const detail = 'Too many open connections; close some, or raise listen.maxConnections'
  answerOnSocket(socket, new Problem('overloaded', detail))
  // the client may go on sending, but nothing parses it
  socket.on('error', () => {}).resume()
  linger(socket, clock)
}
