import type { Dispatcher as UndiciDispatcher } from 'undici'
import type { DispatchHandler } from './undici/handler.ts'

/** A request as undici takes it: origin, path, method, headers and body. */
export type DispatchOptions = UndiciDispatcher.DispatchOptions

/**
 * Sends requests to upstreams: the part of undici's `Dispatcher` that this proxy uses. There are two, `ConnectionPool`
 * and `OneShotConnections`. undici's own `Pool` is not used because it costs 7 % of a request: `ConnectionPool` says
 * why.
 */
export interface Dispatcher {
  /** Sends a request. The handler receives the response or the error. */
  dispatch(options: DispatchOptions, handler: DispatchHandler): void
  /** Closes all connections. Requests that still run fail with `UND_ERR_DESTROYED`. */
  destroy(): Promise<void>
}
