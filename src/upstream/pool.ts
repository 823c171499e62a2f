import { Client, errors } from 'undici'
import { ensure } from '../kernel/ensure.ts'
import type { Dispatcher, DispatchOptions } from './dispatcher.ts'
import { CheckedHandler } from './undici/checked-handler.ts'
import type { DispatchController, DispatchHandler } from './undici/handler.ts'
import { Undici7Handler } from './undici/undici7.ts'

/**
 * Keeps connections open for later requests. Each carries one request at a time, and there are as many as concurrent
 * requests.
 *
 * undici's own `Pool` is 7 % of the cost of a request: it regards a connection as busy until the turn of the event loop
 * after a response, and searches all connections for a free one, twice for each request. Here a connection is free as
 * soon as its response is complete. That is safe because undici's `Client` reads what follows a response before it
 * sends the next request, unless that is dispatched from within the first one's handler.
 */
export class ConnectionPool implements Dispatcher {
  #options: Client.Options
  readonly #clients = new Set<Client>()
  /** Free connections by origin. The one used last is taken first, so that surplus ones become idle and time out. */
  #free = new Map<string, Client[]>()
  #destroyed = false

  constructor(options: Client.Options) {
    this.#options = options
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    if (this.#destroyed) {
      handler.onResponseError(undefined, new errors.ClientDestroyedError())
      return
    }
    const origin = String(options.origin)
    const free = ensure(this.#free, origin, (): Client[] => [])
    const client = free.pop() ?? this.#open(origin, free)
    client.dispatch(options, new Undici7Handler(new BorrowingHandler(handler, client, free)))
  }

  /**
   * Uses other options for connections opened from now on. Idle connections are closed. Those in use return to lists
   * that are never read again, and time out there.
   */
  renew(options: Client.Options): void {
    const before = [...this.#free.values()]
    this.#options = options
    this.#free = new Map()
    for (const free of before) for (const client of free.splice(0)) void client.destroy()
  }

  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all([...this.#clients].map(client => client.destroy()))
  }

  /**
   * Opens a connection, which is one client of undici. If the connection ends just as a request is dispatched on it,
   * the client connects once more for that request, and is closed after it.
   */
  #open(origin: string, free: Client[]): Client {
    const client = new Client(origin, this.#options)
    const forget = () => this.#clients.delete(client)
    const drop = () => {
      const at = free.indexOf(client)
      if (at < 0) return client.close(forget)
      free.splice(at, 1)
      // close() would wait for a finished request, or connect again for an aborted one
      client.destroy(forget)
    }
    this.#clients.add(client)
    return client.on('disconnect', drop).on('connectionError', drop)
  }
}

/** Returns the connection to the pool when its request is over. */
class BorrowingHandler extends CheckedHandler {
  readonly #client: Client
  readonly #free: Client[]
  #isOver = false

  constructor(handler: DispatchHandler, client: Client, free: Client[]) {
    super(handler)
    this.#client = client
    this.#free = free
  }

  override onResponseEnd(controller: DispatchController): void {
    this.#release()
    super.onResponseEnd(controller)
  }

  override onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    this.#release()
    super.onResponseError(controller, error)
  }

  /** Releases the connection only once: if a handler throws in `onResponseEnd`, undici calls `onResponseError`, too. */
  #release(): void {
    if (!this.#isOver && !this.#client.closed) this.#free.push(this.#client)
    this.#isOver = true
  }
}
