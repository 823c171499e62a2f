import { Client, errors } from 'undici'
import { ensure } from '../kernel/ensure.ts'
import type { Dispatcher, DispatchOptions } from './dispatcher.ts'
import { CheckedHandler } from './undici/checked-handler.ts'
import type { DispatchController, DispatchHandler } from './undici/handler.ts'

/**
 * Connections that are kept for the requests to come, with one request on each at a time: as many as there are requests.
 * Each is free as soon as its answer is complete. To undici's pool it is a turn of the event loop later, when it has been
 * made ready to idle, and the pool looks through all connections for a free one, twice for each request; that costs 7 %
 * of a request. undici's client sees to it in either case that what came behind an answer is read
 * before the next request goes out, unless that was sent from within the handler of the first.
 */
export class ConnectionPool implements Dispatcher {
  #options: Client.Options
  readonly #clients = new Set<Client>()
  /** By origin. The next request goes where the last one did, so that those that are not needed time out. */
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
    client.dispatch(options, new BorrowingHandler(handler, client, free))
  }

  /**
   * Has connections be made otherwise from now on. Idle ones are let go; those in use when they are idle: their place is in
   * lists that nobody looks at any more, so they time out there.
   */
  renew(options: Client.Options): void {
    const before = [...this.#free.values()]
    this.#options = options
    this.#free = new Map()
    for (const free of before) for (const client of free.splice(0)) void client.destroy()
  }

  /** Has the requests that run fail. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all([...this.#clients].map(client => client.destroy()))
  }

  /** A client is for one connection. For a request that comes just as that ends it makes another, and then it is done. */
  #open(origin: string, free: Client[]): Client {
    const client = new Client(origin, this.#options)
    const forget = () => this.#clients.delete(client)
    const drop = () => {
      const at = free.indexOf(client)
      if (at < 0) return client.close(forget)
      free.splice(at, 1)
      // to close would be to wait for a request that is over, and to connect for one that was given up
      client.destroy(forget)
    }
    this.#clients.add(client)
    return client.on('disconnect', drop).on('connectionError', drop)
  }
}

/** Gives a connection back when its request is over. */
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
    this.#giveBack()
    super.onResponseEnd(controller)
  }

  override onResponseError(controller: DispatchController | null | undefined, error: Error): void {
    this.#giveBack()
    super.onResponseError(controller, error)
  }

  /** Once: undici tells both where a handler fails at the end. */
  #giveBack(): void {
    if (!this.#isOver && !this.#client.closed) this.#free.push(this.#client)
    this.#isOver = true
  }
}
