import { errors } from 'undici'
import { ensure } from '../../kernel/ensure.ts'
import type { Dispatcher, DispatchOptions } from '../dispatcher.ts'
import type { DispatchHandler } from '../undici/handler.ts'
import { OriginConnections } from './origin-connections.ts'
import type { PoolOptions } from './pool-options.ts'

/**
 * Keeps connections open for later requests. Each HTTP/1.1 connection carries one request at a time.
 *
 * undici's own `Pool` is 7 % of the cost of a request: it regards a connection as busy until the turn of the event loop
 * after a response, and searches all connections for a free one, twice for each request. Here a connection is free as
 * soon as its response is complete. That is safe because undici's `Client` reads what follows a response before it
 * sends the next request, unless that is dispatched from within the first one's handler.
 */
export class ConnectionPool implements Dispatcher {
  /** Sends each request on a new connection, which no upstream is just closing, and keeps that for later requests. */
  readonly fresh: Dispatcher = {
    dispatch: (options, handler) => this.#connectionsFor(options, handler)?.dispatchFresh(options, handler),
    destroy: () => this.destroy(),
  }
  #options: PoolOptions
  #origins = new Map<string, OriginConnections>()
  /** Connections with other options, which still carry requests. */
  #former: OriginConnections[] = []
  #isDestroyed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    this.#connectionsFor(options, handler)?.dispatch(options, handler)
  }

  /** Begins to connect to an origin, for the next request of {@link fresh}. */
  connectEarly(origin: string): void {
    this.#connectionsOf(origin).connectEarly()
  }

  /** Uses other options from now on. Idle connections are closed, and those in use are after their request. */
  renew(options: PoolOptions): void {
    const before = [...this.#origins]
    this.#options = options
    this.#origins = new Map(before.map(([origin, connections]) => [origin, connections.renewed(options)]))
    this.#former = [...this.#former, ...before.map(([, connections]) => connections)].filter(({ isEmpty }) => !isEmpty)
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true
    await Promise.all([...this.#former, ...this.#origins.values()].map(connections => connections.destroy()))
  }

  #connectionsFor({ origin }: DispatchOptions, handler: DispatchHandler): OriginConnections | undefined {
    if (!this.#isDestroyed) return this.#connectionsOf(String(origin))
    handler.onResponseError(undefined, new errors.ClientDestroyedError())
    return undefined
  }

  #connectionsOf(origin: string): OriginConnections {
    return ensure(this.#origins, origin, () => new OriginConnections(origin, this.#options))
  }
}
