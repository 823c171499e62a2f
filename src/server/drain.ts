import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import type { Connections } from './connections.ts'
import { exchangeOf } from './observe.ts'

/** How long a request that is half sent has for the rest, in milliseconds; whole, it is told of the drain. */
const HALF_SENT = 1_000

/** The part of the time to finish after which those who still wait for their turn are told, rather than cut off. */
const WAITING_PART = 0.8

export interface DrainOptions {
  readonly clock: Clock
  readonly connections: Connections
  /** Refuses the requests that wait for a permit. */
  refuseWaiting(reason: Problem): void
}

/** Shuts an observed server down: it accepts nothing new, lets running requests finish, and cuts off what takes too long. */
export class Drain {
  readonly #app: FastifyInstance
  readonly #options: DrainOptions
  #isDraining = false

  constructor(app: FastifyInstance, options: DrainOptions) {
    this.#app = app
    this.#options = options
  }

  /** Refuses a request that comes too late. @throws {Problem} `draining`, once the server is shutting down */
  refuseLate(response: ServerResponse, over: EndSignal): void {
    if (!this.#isDraining) return
    this.#makeLast(response, over)
    throw shuttingDown()
  }

  /** Shuts down. Gives whether all running requests could finish within `timeout` milliseconds. */
  async run(timeout: number): Promise<boolean> {
    const { clock, connections, refuseWaiting } = this.#options
    let finished = true
    this.#isDraining = true
    for (const { response, over } of connections.running()) this.#makeLast(response, over)
    // opened ahead of need; Node.js counts a connection as idle only after its first request
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
    // its head may have promised to keep the connection, on which nobody waits any more
    over.addEventListener('abort', () => this.#app.server.closeIdleConnections())
  }
}

/** Refuses requests that come while the server is shutting down. */
export function refuseWhileDraining(app: FastifyInstance, drain: Drain): void {
  app.addHook('onRequest', (request, { raw }, done) => {
    drain.refuseLate(raw, exchangeOf(request).over)
    done()
  })
}

function shuttingDown(): Problem {
  return new Problem('draining', 'The proxy is shutting down')
}
