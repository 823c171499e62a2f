import type { Dispatcher as UndiciDispatcher } from 'undici'
import type { DispatchHandler } from './undici/handler.ts'

/** A request in the form that undici takes: origin, path, method, headers and body. */
export type DispatchOptions = UndiciDispatcher.DispatchOptions

/**
 * Sends requests to upstreams: the part of undici's `Dispatcher` that this proxy uses. `ConnectionPool` implements it,
 * and explains why undici's own `Pool` is not used.
 */
export interface Dispatcher {
  /** Sends a request. The handler receives the response or the error. */
  dispatch(options: DispatchOptions, handler: DispatchHandler): void
  /** Closes all connections. Requests that still run fail with `UND_ERR_DESTROYED`. */
  destroy(): Promise<void>
}
