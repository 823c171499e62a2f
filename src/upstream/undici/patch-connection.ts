import type { Socket } from 'node:net'
import { readOn } from './keep-reading.ts'
import { mendParser } from './patch-parser.ts'

/** Mends what undici makes of a connection, and gives it to undici meanwhile, which `handOver` does. */
export function mend(socket: Socket, handOver: () => void): void {
  tellResets(socket)
  readOn(socket)
  handOver()
  mendParser(socket)
}

/**
 * An answer that ends with its connection is cut off by a reset (RFC 9112, 8), which undici takes for its end: by the code
 * of the error, so resets get the one that undici has for other broken connections.
 */
function tellResets(socket: Socket): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
  })
}
