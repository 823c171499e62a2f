import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { linger } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndController } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import { endIfLeft } from './half-closed.ts'
import { answerOnSocket } from './socket-response.ts'

/** An answer that is under way. */
export interface RunningAnswer {
  readonly response: ServerResponse
  /** Aborts when the answer is complete, or the client has left. */
  readonly over: EndController
}

export interface ConnectionsOptions {
  readonly clock: Clock
  /** How many are open at most; those beyond are told so. */
  readonly max: () => number
}

/** The connections of clients, with the answers that are under way on each in the order of their requests. */
export class Connections {
  // a short list for each rather than one Set for all: what a Set of millions leaves behind costs the collector dearly
  readonly #open = new Map<Socket, RunningAnswer[]>()
  readonly #clock: Clock

  constructor(server: Server, { clock, max }: ConnectionsOptions) {
    this.#clock = clock
    // else Node.js closes its side of a connection, answered or not, with the client's (RFC 9112, 9.6)
    Object.assign(server, { httpAllowHalfOpen: true })
    // a connection that is refused must not be read by Node.js
    const serve = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (this.#open.size >= max()) return refuse(socket, clock)
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
      // Node.js 20 does not tell an answer that waits for those before it
      for (const { over } of [...running]) over.abort()
    })
  }

  /** Node.js closes the connection once the last answer has gone out, or refuses what ended in the middle. */
  #halfClosed(socket: Socket, running: readonly RunningAnswer[]): void {
    const last = running.at(-1)
    if (!last) return
    last.response.shouldKeepAlive = false
    void endIfLeft(socket, () => running[0]?.response, this.#clock)
  }

  /** Counts a connection no more: what comes of it is counted by itself. */
  release(socket: Socket): void {
    this.#open.delete(socket)
  }

  /** Has `over` abort when an answer is complete, or its client has left. */
  watch(response: ServerResponse, over: EndController): void {
    const running = this.#open.get(response.req.socket)
    if (!running) {
      over.abort()
      return
    }
    const answer = { response, over }
    running.push(answer)
    response.on('close', () => {
      running.splice(running.indexOf(answer), 1)
      over.abort()
    })
  }

  /** The latest answer that is under way on a connection. */
  latest(socket: Socket): ServerResponse | undefined {
    return this.#open.get(socket)?.at(-1)?.response
  }

  /** Every answer that is under way. */
  *running(): Generator<RunningAnswer> {
    for (const running of this.#open.values()) yield* running
  }

  /** The connections on which no answer is under way. */
  *quiet(): Generator<Socket> {
    for (const [socket, running] of this.#open) if (running.length === 0) yield socket
  }
}

function refuse(socket: Socket, clock: Clock): void {
  const detail = 'The proxy has as many connections as it takes: listen.maxConnections'
  answerOnSocket(socket, new Problem('overloaded', detail))
  // who goes on sending has nobody to read it
  socket.on('error', () => {}).resume()
  linger(socket, clock)
}
