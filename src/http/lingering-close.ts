import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'
import { hasBody } from './framing.ts'

/** Milliseconds that a client has to read an early response and to stop sending. */
const LINGER = 5_000

/**
 * Makes the response to a request that is still arriving the last on its connection, so that the rest of the request is
 * not parsed as the next one, and delays the close until the client has read the response. Node.js closes at once after
 * a last response. With request bytes unread, that resets the connection, and the client may lose the response. Call it
 * before the response head is sent.
 */
export function lingerAfter(response: ServerResponse, clock: Clock): void {
  const { req: request } = response
  // a request without a body is not yet `complete` while its head is handled
  if (request.complete || !hasBody(request)) return
  response.shouldKeepAlive = false
  const { socket } = request
  socket.destroySoon = () => {
    // discard the rest of the request
    request.removeAllListeners('data').resume()
    linger(socket, clock)
  }
}

/**
 * Closes a connection in two steps (RFC 9112, 9.6): our side now, the rest once the client has closed its side, or
 * after 5 s.
 */
export function linger(socket: Socket, clock: Clock): void {
  socket.end()
  const timer = clock.setTimeout(() => socket.destroy(), LINGER)
  socket.once('close', () => clock.clearTimeout(timer))
}
