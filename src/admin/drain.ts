import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import { exchangeOf } from './observe.ts'

/** How long a request that is half sent has for the rest, in milliseconds; whole, it is told of the drain. */
const HALF_SENT = 1_000

/**
 * Makes an observed server one that can be drained; the function given back does it, and gives whether all running requests could
 * finish within `timeout` milliseconds, after which their connections are cut.
 */
export function drainable(app: FastifyInstance): (clock: Clock, timeout: number) => Promise<boolean> {
  const running = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  let draining = false
  app.server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('onRequest', async (request, { raw }) => {
    running.add(raw)
    exchangeOf(request).over.addEventListener('abort', () => {
      running.delete(raw)
      // its head may have promised to keep the connection, on which nobody waits any more
      if (draining) app.server.closeIdleConnections()
    })
    if (!draining) return
    raw.shouldKeepAlive = false
    throw new Problem('draining', 'The proxy is shutting down', { retryAfter: 1 })
  })
  return async (clock, timeout) => {
    let finished = true
    draining = true
    for (const response of running) response.shouldKeepAlive = false
    // opened ahead of need; Node counts a connection as idle only after its first request
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
    const timers = [
      clock.setTimeout(() => closeQuiet(sockets, running), HALF_SENT),
      clock.setTimeout(() => {
        finished = running.size === 0
        app.server.closeAllConnections()
      }, timeout),
    ]
    await app.close()
    for (const timer of timers) clock.clearTimeout(timer)
    return finished
  }
}

/** Closes the connections that no request is served on. */
function closeQuiet(sockets: ReadonlySet<Socket>, running: ReadonlySet<ServerResponse>): void {
  const busy = new Set([...running].map(response => response.req.socket))
  for (const socket of sockets) if (!busy.has(socket)) socket.destroy()
}
