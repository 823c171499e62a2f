import { Client, errors } from 'undici'
import type { Dispatcher, DispatchOptions } from './dispatcher.ts'
import { CheckedHandler } from './undici/checked-handler.ts'
import type { DispatchHandler } from './undici/handler.ts'

/** A new connection for each request, so that none meets one that the upstream is just closing. */
export class OneShotConnections implements Dispatcher {
  #options: Client.Options
  readonly #clients = new Set<Client>()
  #destroyed = false

  constructor(options: Client.Options) {
    this.#options = unkept(options)
  }

  /** Has connections be made otherwise from now on. */
  renew(options: Client.Options): void {
    this.#options = unkept(options)
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    if (this.#destroyed) {
      handler.onResponseError(undefined, new errors.ClientDestroyedError())
      return
    }
    const client = new Client(String(options.origin), this.#options)
    const forget = () => this.#clients.delete(client)
    // else undici would connect again, for a request that was given up too
    const drop = (_origin: URL, _targets: unknown, error: Error) => client.destroy(error, forget)
    this.#clients.add(client)
    client.on('disconnect', drop).on('connectionError', drop)
    client.dispatch(options, new CheckedHandler(handler))
    // once the request is over; one that cannot be sent makes no connection that could end
    client.close(forget)
  }

  /** Has the requests that run fail. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all([...this.#clients].map(client => client.destroy()))
  }
}

/** undici has no other switch for connections that are kept. */
function unkept(options: Client.Options): Client.Options {
  return { ...options, pipelining: 0 }
}
