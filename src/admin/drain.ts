import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import { Problem } from '../problem/problem.ts'
import type { Connections } from './connections.ts'
import { exchangeOf } from './observe.ts'

/** How long a request that is half sent has for the rest, in milliseconds; whole, it is told of the drain. */
const HALF_SENT = 1_000

/**
 * Makes an observed server one that can be drained; the function given back does it, and gives whether all running requests could
 * finish within `timeout` milliseconds, after which their connections are cut.
 */
export function drainable(
  app: FastifyInstance,
  connections: Connections,
): (clock: Clock, timeout: number) => Promise<boolean> {
  let draining = false
  const makeLast = (response: ServerResponse, over: EndSignal) => {
    response.shouldKeepAlive = false
    // its head may have promised to keep the connection, on which nobody waits any more
    over.addEventListener('abort', () => app.server.closeIdleConnections())
  }
  app.addHook('onRequest', (request, { raw }, done) => {
    if (!draining) return done()
    makeLast(raw, exchangeOf(request).over)
    throw new Problem('draining', 'The proxy is shutting down', { retryAfter: 1 })
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
