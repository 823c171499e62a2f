import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { Problem } from '../problem/problem.ts'
import type { Connections } from './connections.ts'
import { exchangeOf } from './observe.ts'

/**
 * How long the server goes on serving after it was told to end, in milliseconds, if clients have used connections within
 * that time. Each response tells its client to open another connection for the next request; a connection that is just
 * closed may reset a request that is on its way. nginx (`keepalive_min_timeout`), HAProxy (`idle-close-on-response`) and
 * Envoy do the same.
 */
export const GRACE = 2_000

/**
 * How long a client may take to complete a request, in milliseconds, or to send the next one after a response that began
 * before the shutdown and could not announce it.
 */
const HALF_SENT = 1_000

/** The fraction of the timeout after which requests get a 503 `draining`, so that they are not just cut off. */
const WAITING_PART = 0.8

/** What {@link Drain} needs to shut a server down. */
export interface DrainOptions {
  readonly clock: Clock
  readonly connections: Connections
  /** Rejects all requests that wait for a permit with `reason`. */
  refuseWaiting(reason: Problem): void
}

/**
 * Shuts a server down: makes each response the last on its connection, lets running requests finish, and cuts off what
 * takes too long.
 */
export class Drain {
  readonly #app: FastifyInstance
  readonly #options: DrainOptions
  /** The responses whose connections would have been kept. */
  readonly #madeLast = new WeakSet<ServerResponse>()
  #isDraining = false
  /** Whether new connections are refused, and idle ones closed. */
  #isClosing = false
  /** Whether new requests are refused. */
  #isRefusing = false

  constructor(app: FastifyInstance, options: DrainOptions) {
    this.#app = app
    this.#options = options
  }

  /** Whether the server is shutting down. It may go on serving for a while. */
  get isDraining(): boolean {
    return this.#isDraining
  }

  /**
   * Makes the response to a new request the last on its connection if the server is shutting down.
   * @throws {Problem} `draining` if it serves no new requests, or none after an earlier one on the same connection
   */
  receive(response: ServerResponse, over: EndSignal): void {
    if (!this.#isDraining) return
    const earlier = this.#options.connections.previous(response)
    const isCutOff = earlier !== undefined && !this.#canBeFollowed(earlier)
    this.#makeLast(response, over)
    if (this.#isRefusing || isCutOff) throw shuttingDown()
  }

  /**
   * Shuts down. With `grace`, clients that keep connections open are served for {@link GRACE} before new connections are
   * refused, and their last requests even after that. Resolves to whether all running requests finished within `timeout`
   * milliseconds.
   */
  async run(timeout: number, grace: boolean): Promise<boolean> {
    const { clock, connections, refuseWaiting } = this.#options
    let finished = true
    const isInUse = grace && connections.wereUsedWithin(GRACE)
    this.#isDraining = true
    this.#isRefusing = !isInUse
    for (const { response, over } of connections.latest()) this.#makeLast(response, over)
    const late = timeout * WAITING_PART
    const timers = [
      clock.setTimeout(() => {
        this.#isRefusing = true
        refuseWaiting(shuttingDown())
      }, late),
      clock.setTimeout(() => {
        finished = connections.running().next().done === true
        this.#app.server.closeAllConnections()
      }, timeout),
    ]
    if (isInUse) await new Promise<void>(resolve => clock.setTimeout(resolve, Math.min(GRACE, late)))
    // connections that a client opened in advance: Node.js counts a connection as idle only after its first request
    else for (const socket of connections.quiet()) if (socket.bytesRead === 0) socket.destroy()
    this.#isClosing = true
    const closeQuiet = () => {
      for (const socket of connections.quiet()) socket.destroy()
    }
    timers.push(clock.setTimeout(closeQuiet, HALF_SENT))
    await this.#app.close()
    for (const timer of timers) clock.clearTimeout(timer)
    return finished
  }

  #makeLast(response: ServerResponse, over: EndSignal): void {
    if (!response.headersSent) {
      if (response.shouldKeepAlive) this.#madeLast.add(response)
      response.shouldKeepAlive = false
      return
    }
    // the head may already have announced keep-alive; then the connection stays open and idle
    over.addEventListener('abort', () => {
      if (!this.#isClosing) return
      const closeIdle = () => this.#options.connections.closeIdle()
      if (this.#isRefusing) closeIdle()
      else this.#options.clock.setTimeout(closeIdle, HALF_SENT)
    })
  }

  /** Whether another response can follow on the connection of a response. If it can, that one is not the last any more. */
  #canBeFollowed(response: ServerResponse): boolean {
    // Fastify makes every response the last from then on
    if (this.#isClosing) return false
    if (!response.headersSent && this.#madeLast.has(response)) response.shouldKeepAlive = true
    return response.shouldKeepAlive
  }
}

/** Adds a step that makes responses the last on their connections, or refuses requests, while the server shuts down. */
export function receiveWhileDraining(app: FastifyInstance, drain: Drain): void {
  app.addHook('onRequest', (request, { raw }, done) => {
    drain.receive(raw, exchangeOf(request).over)
    done()
  })
}

function shuttingDown(): Problem {
  return new Problem('draining', 'The proxy is shutting down')
}
