// Listens for HTTP or HTTPS requests and closes without waiting for clients.

import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'

/** The largest request line and headers, in bytes: enough for a query with a page token, which may have 43 kB. */
const MAX_HEADER_SIZE = 128 * 1024

/** How many connections wait to be accepted: some of a thousand at once would be reset with Node's default of 511. */
const BACKLOG = 4096

/** A certificate chain and its private key, in PEM. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
}

/** The address to listen on, and the certificate for HTTPS. */
export interface ListenOptions {
  readonly host: string
  /** The port to listen on; 0 picks a free one. */
  readonly port: number
  readonly tls: TlsOptions | undefined
}

/** A server that accepts connections. */
export interface Listening {
  readonly url: string
  /** Stops listening and destroys all connections. */
  close(): Promise<void>
}

/** Starts to listen; rejects when the address is not available. */
export async function listen({ host, port, tls }: ListenOptions, listener: RequestListener): Promise<Listening> {
  const options = { ...tls, maxHeaderSize: MAX_HEADER_SIZE }
  const server = tls ? createTlsServer(options, listener) : createServer(options, listener)
  const destroyAll = trackSockets(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: BACKLOG }, resolve)
  })
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      destroyAll()
    })
  return { url: `${tls ? 'https' : 'http'}://${host}:${boundPort(server)}`, close }
}

/**
 * Returns a function that destroys all connections. Node's own `closeAllConnections` misses those that are still in a
 * TLS handshake.
 */
function trackSockets(server: Server): () => void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}

function boundPort(server: Server): number {
  // This server listens on TCP, so the address is neither a string (a pipe) nor null (not listening).
  const { port } = server.address() as AddressInfo
  return port
}
