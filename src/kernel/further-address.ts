import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type ServerOpts } from 'node:net'

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string
  /** 0 means any free one. */
  readonly port: number
  /** An address at which it listens at the same port too, where this machine has it. */
  readonly also?: string
}

/** One of the addresses. */
type At = Pick<ListenAddress, 'host' | 'port'>

/** How often another free port is tried that is free at one of the addresses alone. */
const MOST_TRIES = 10

/** What listening fails with at an address that this machine does not have. */
const NO_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

/** Accepts connections at a further address for a server, which has them as if they had come to its own. */
export class SecondListener {
  readonly #server: Server

  /** `options` are those of the server. */
  constructor(server: Server, options: ServerOpts) {
    this.#server = createServer(options, socket => void server.emit('connection', socket))
  }

  set maxConnections(count: number) {
    this.#server.maxConnections = count
  }

  /**
   * Has `listen` listen at a place's first address, and listens at the other before: what `listen` gives is given. Neither
   * listens where one of the two is taken.
   */
  async beside<T>({ host, port, also }: ListenAddress, listen: (at: At) => Promise<T>): Promise<T> {
    return also === undefined ? listen({ host, port }) : this.#listenAtBoth({ host, port, also }, listen, MOST_TRIES)
  }

  async #listenAtBoth<T>(place: Required<ListenAddress>, listen: (at: At) => Promise<T>, tries: number): Promise<T> {
    const { host, port, also } = place
    const same = await this.#listen(also, port)
    try {
      return await listen({ host, port: same })
    } catch (error) {
      await this.close()
      if (port !== 0 || codeOf(error) !== 'EADDRINUSE' || tries === 1) throw error
      return this.#listenAtBoth(place, listen, tries - 1)
    }
  }

  /** Accepts no more; resolves once all that were accepted have ended. */
  close(): Promise<void> {
    return new Promise(resolve => this.#server.close(() => resolve()))
  }

  /** Gives the port in use. */
  async #listen(host: string, port: number): Promise<number> {
    try {
      await once(this.#server.listen({ host, port }), 'listening')
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
