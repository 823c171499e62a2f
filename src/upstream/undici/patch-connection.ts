import type { Socket } from 'node:net'
import { keepReading } from './keep-reading.ts'
import { patchParser } from './patch-parser.ts'

/**
 * Works around faults in how undici handles a connection. `handOver` gives the connection to undici, which attaches its
 * parser; some patches are applied before that, some after.
 */
export function patchConnection(socket: Socket, handOver: () => void): void {
  renameResets(socket)
  keepReading(socket)
  handOver()
  patchParser(socket)
}

/**
 * Hides resets from undici. A reset cuts off a response that ends with its connection (RFC 9112, 8), yet undici takes
 * ECONNRESET for the end of the response. It does not do so for its own code for broken connections.
 */
function renameResets(socket: Socket): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
  })
}
