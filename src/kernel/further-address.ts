import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type ServerOpts, type Socket } from 'node:net'

/** A TCP address that a server listens on, with an optional second host on the same port. */
export interface ListenAddress {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  /** A second host to listen on, on the same port. Ignored if this machine does not have that address. */
  readonly also?: string
}

/**
 * How many new connections the kernel holds until they are accepted. Of a thousand clients that connect to a busy process
 * at once, some are reset with the 511 that are Node.js's default. Linux holds at most `net.core.somaxconn`: 4,096.
 */
export const BACKLOG = 4096

/** A socket that is bound already, with which a server can listen. */
export interface OpenSocket {
  readonly socket: Socket
}

/**
 * Listens with an open socket, which the server closes in the end, and with our {@link BACKLOG}, because listening anew
 * replaces that of the socket. Resolves with its port, undefined for a Unix socket.
 * Rejects as `net.Server` does.
 */
export async function listenWith(server: Server, { socket }: OpenSocket): Promise<number | undefined> {
  await once(server.listen(socket, BACKLOG), 'listening')
  return (server.address() as AddressInfo | null)?.port
}

/** One host and port to listen on. */
type Address = Pick<ListenAddress, 'host' | 'port'> & { readonly backlog: number }

/** How many free ports to try before giving up on finding one that is free on both addresses. */
const MAX_TRIES = 10

/** Error codes for an address that this machine does not have. */
const NO_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Accepts connections on a second address and hands them to a server, as if it had accepted them itself. */
export class SecondListener {
  readonly #server: Server

  /** `options` are the server's own socket options. */
  constructor(server: Server, options: ServerOpts) {
    this.#server = createServer(options, socket => void server.emit('connection', socket))
  }

  set maxConnections(count: number) {
    this.#server.maxConnections = count
  }

  /**
   * Listens on the second host, if there is one, then calls `listen` for the first with the same port. Resolves with
   * the result of `listen`. If either address is in use, rejects and listens on neither.
   */
  async beside<T>({ host, port, also }: ListenAddress, listen: (at: Address) => Promise<T>): Promise<T> {
    return also === undefined
      ? listen({ host, port, backlog: BACKLOG })
      : this.#listenOnBoth({ host, port, also }, listen, MAX_TRIES)
  }

  async #listenOnBoth<T>(
    place: Required<ListenAddress>,
    listen: (at: Address) => Promise<T>,
    tries: number,
  ): Promise<T> {
    const { host, port, also } = place
    const samePort = await this.#listen(also, port)
    try {
      return await listen({ host, port: samePort, backlog: BACKLOG })
    } catch (error) {
      await this.close()
      if (port !== 0 || codeOf(error) !== 'EADDRINUSE' || tries === 1) throw error
      return this.#listenOnBoth(place, listen, tries - 1)
    }
  }

  /** Stops accepting connections. Resolves once all accepted connections have ended. */
  close(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  /** Resolves with the port in use, or with `port` if this machine does not have the address. */
  async #listen(host: string, port: number): Promise<number> {
    try {
      await once(this.#server.listen({ host, port, backlog: BACKLOG }), 'listening')
      return (this.#server.address() as AddressInfo).port
    } catch (error) {
      if (NO_ADDRESS.has(codeOf(error))) return port
      throw error
    }
  }
}

function codeOf(error: unknown): string {
  return String(Object(error).code)
}
