import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from './clock.ts'

/** A client that was answered early has so many milliseconds to read the answer and to stop sending. */
const LINGER = 5_000

/**
 * Has the answer to a request that is still arriving be told before its connection is closed. Node.js closes after a last
 * answer at once; with bytes of the request unread that resets the connection, and the reset takes the answer along.
 */
export function lingerAfter(request: IncomingMessage, clock: Clock): void {
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
