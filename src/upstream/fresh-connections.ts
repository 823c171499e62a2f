import { Client, type Dispatcher, errors } from 'undici'
import type { OlderHandler } from './handler.ts'

/** undici has no other switch for connections that are kept. */
export const UNKEPT: Client.Options = { pipelining: 0 }

/** A new connection for each request, so that none meets one that the upstream is just closing. */
export class FreshConnections {
  readonly #options: Client.Options
  readonly #clients = new Set<Client>()
  #destroyed = false

  constructor(options: Client.Options) {
    this.#options = { ...options, ...UNKEPT }
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: OlderHandler): void {
    if (this.#destroyed) {
      handler.onError(new errors.ClientDestroyedError())
      return
    }
    const client = new Client(String(options.origin), this.#options)
    this.#clients.add(client)
    client.dispatch(options, handler)
    // which waits for the request
    client.close(() => this.#clients.delete(client))
  }

  /** Has the requests that run fail. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all([...this.#clients].map(client => client.destroy()))
  }
}
