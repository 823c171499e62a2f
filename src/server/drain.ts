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
  readonly connections: Connections
  /** Refuses the requests that wait for their turn. */
  refuseWaiting(reason: Problem): void
}

/** Gives whether all running requests could finish within `timeout` milliseconds. */
type Drain = (clock: Clock, timeout: number) => Promise<boolean>

/**
 * Makes an observed server one that can be drained; the function given back does it. What is not finished in time has its
 * connection cut.
 */
export function drainable(app: FastifyInstance, { connections, refuseWaiting }: DrainOptions): Drain {
  let draining = false
  const makeLast = (response: ServerResponse, over: EndSignal) => {
    response.shouldKeepAlive = false
    // its head may have promised to keep the connection, on which nobody waits any more
    over.addEventListener('abort', () => app.server.closeIdleConnections())
  }
  app.addHook('onRequest', (request, { raw }, done) => {
    if (!draining) return done()
    makeLast(raw, exchangeOf(request).over)
    throw shuttingDown()
  })
  return async (clock, timeout) => {
    let finished = true
    draining = true
    for (const { response, over } of connections.running()) makeLast(response, over)
    // opened ahead of need; Node counts a connection as idle only after its first request
    for (const socket of connections.quiet()) if (socket.bytesRead === 0) socket.destroy()
    const timers = [
      clock.setTimeout(() => {
        for (const socket of connections.quiet()) socket.destroy()
      }, HALF_SENT),
      clock.setTimeout(() => refuseWaiting(shuttingDown()), timeout * WAITING_PART),
      clock.setTimeout(() => {
        finished = connections.running().next().done === true
        app.server.closeAllConnections()
      }, timeout),
    ]
    await app.close()
    for (const timer of timers) clock.clearTimeout(timer)
    return finished
  }
}

function shuttingDown(): Problem {
  return new Problem('draining', 'The proxy is shutting down')
}
