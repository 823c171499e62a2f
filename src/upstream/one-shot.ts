import { Client, errors } from 'undici'
import type { Dispatcher, DispatchOptions } from './dispatcher.ts'
import { CheckedHandler } from './undici/checked-handler.ts'
import type { DispatchHandler } from './undici/handler.ts'
import { Undici7Handler } from './undici/undici7.ts'

/** Opens a new connection for each request, so that no request uses a connection that the upstream is just closing. */
export class OneShotConnections implements Dispatcher {
  #options: Client.Options
  readonly #clients = new Set<Client>()
  #destroyed = false

  constructor(options: Client.Options) {
    this.#options = withoutKeepAlive(options)
  }

  /** Uses other options for connections opened from now on. */
  renew(options: Client.Options): void {
    this.#options = withoutKeepAlive(options)
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    if (this.#destroyed) {
      handler.onResponseError(undefined, new errors.ClientDestroyedError())
      return
    }
    const client = new Client(String(options.origin), this.#options)
    const forget = () => this.#clients.delete(client)
    // otherwise undici connects again, even for an aborted request
    const drop = (_origin: URL, _targets: unknown, error: Error) => client.destroy(error, forget)
    this.#clients.add(client)
    client.on('disconnect', drop).on('connectionError', drop)
    client.dispatch(options, new Undici7Handler(new CheckedHandler(handler)))
    // takes effect after the request; needed if the request could not be sent, because then no connection ends
    client.close(forget)
  }

  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all([...this.#clients].map(client => client.destroy()))
  }
}

/** Turns keep-alive off. undici has no other option for it. */
function withoutKeepAlive(options: Client.Options): Client.Options {
  return { ...options, pipelining: 0 }
}
