import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import type { Connections } from './connections.ts'
import { exchangeOf } from './observe.ts'

/**
 * How long a partly received request may take to complete, in milliseconds. Once complete, it gets a 503 `draining`.
 */
const HALF_SENT = 1_000

/** The fraction of the timeout after which waiting requests get a 503 `draining`, so that they are not just cut off. */
const WAITING_PART = 0.8

/** What {@link Drain} needs to shut a server down. */
export interface DrainOptions {
  readonly clock: Clock
  readonly connections: Connections
  /** Rejects all requests that wait for a permit with `reason`. */
  refuseWaiting(reason: Problem): void
}

/** Shuts a server down: accepts no new requests, lets running ones finish, and cuts off those that take too long. */
export class Drain {
  readonly #app: FastifyInstance
  readonly #options: DrainOptions
  #isDraining = false

  constructor(app: FastifyInstance, options: DrainOptions) {
    this.#app = app
    this.#options = options
  }

  /** Rejects a request if the server is shutting down. @throws {Problem} `draining` */
  refuseLate(response: ServerResponse, over: EndSignal): void {
    if (!this.#isDraining) return
    this.#makeLast(response, over)
    throw shuttingDown()
  }

  /** Shuts down. Resolves to whether all running requests finished within `timeout` milliseconds. */
  async run(timeout: number): Promise<boolean> {
    const { clock, connections, refuseWaiting } = this.#options
    let finished = true
    this.#isDraining = true
    for (const { response, over } of connections.running()) this.#makeLast(response, over)
    // connections that a client opened in advance: Node.js counts a connection as idle only after its first request
    for (const socket of connections.quiet()) if (socket.bytesRead === 0) socket.destroy()
    const timers = [
      clock.setTimeout(() => {
        for (const socket of connections.quiet()) socket.destroy()
      }, HALF_SENT),
      clock.setTimeout(() => refuseWaiting(shuttingDown()), timeout * WAITING_PART),
      clock.setTimeout(() => {
        finished = connections.running().next().done === true
        this.#app.server.closeAllConnections()
      }, timeout),
    ]
    await this.#app.close()
    for (const timer of timers) clock.clearTimeout(timer)
    return finished
  }

  #makeLast(response: ServerResponse, over: EndSignal): void {
    response.shouldKeepAlive = false
    // the head may already have announced keep-alive; then the connection stays open and idle
    over.addEventListener('abort', () => this.#app.server.closeIdleConnections())
  }
}

/** Adds a step that rejects requests while the server is shutting down. */
export function refuseWhileDraining(app: FastifyInstance, drain: Drain): void {
  app.addHook('onRequest', (request, { raw }, done) => {
    drain.refuseLate(raw, exchangeOf(request).over)
    done()
  })
}

function shuttingDown(): Problem {
  return new Problem('draining', 'The proxy is shutting down')
}
