import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'

/** A certificate chain and its private key, in PEM. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
}

/** Where to listen. */
export interface ListenOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls: TlsOptions | undefined
}

/** A server that listens. */
export interface Listening {
  readonly url: string
  /** Cuts every connection and stops listening. */
  close(): Promise<void>
}

/** Listens for requests; rejects when the address cannot be had. */
export async function listen({ host, port, tls }: ListenOptions, listener: RequestListener): Promise<Listening> {
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const cutAll = trackSockets(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      cutAll()
    })
  return { url: `${tls ? 'https' : 'http'}://${host}:${boundPort(server)}`, close }
}

/** Node's own `closeAllConnections` does not know of connections in the middle of a TLS handshake. */
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
  // A string stands for a pipe and null for a server that does not listen; this one listens on TCP.
  const { port } = server.address() as AddressInfo
  return port
}
