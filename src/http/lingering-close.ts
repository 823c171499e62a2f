import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'
import { hasBody } from './framing.ts'

/** A client that was answered early has so many milliseconds to read the answer and to stop sending. */
const LINGER = 5_000

/**
 * Has the answer to a request that is still arriving be the last on its connection, so that the rest is not taken for the
 * next request, and be told before that is closed. Node.js closes after a last answer at once; with bytes of the request
 * unread that resets the connection, and the reset takes the answer along. Called before the head of the answer is sent.
 */
export function lingerAfter(response: ServerResponse, clock: Clock): void {
  const { req: request } = response
  // Node.js calls a request complete only once its head has been dealt with, body or not
  if (request.complete || !hasBody(request)) return
  response.shouldKeepAlive = false
  const { socket } = request
  socket.destroySoon = () => {
    // whoever read it has no use for the rest
    request.removeAllListeners('data').resume()
    linger(socket, clock)
  }
}

/** Closes a connection in two steps (RFC 9112, 9.6): our side now, all of it when the client has closed its own. */
export function linger(socket: Socket, clock: Clock): void {
  socket.end()
  const timer = clock.setTimeout(() => socket.destroy(), LINGER)
  socket.once('close', () => clock.clearTimeout(timer))
}
