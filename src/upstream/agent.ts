import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import { systemClock } from '../kernel/clock.ts'
import { Connector, type ConnectorDeps } from './connection/connector.ts'
import { systemLookup } from './connection/dial.ts'
import type { Dispatcher } from './dispatcher.ts'
import { ConnectionPool } from './pool/pool.ts'
import type { PoolOptions } from './pool/pool-options.ts'

/** The largest header section of a response, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024

/**
 * All connections to upstreams, and the entry to this folder. `pool` and `fresh` send requests, through undici and
 * what `undici/` changes in it; `open` is for CONNECT tunnels. All three open their connections with `connection/`.
 */
export interface Agents extends Pick<Connector, 'open'> {
  /** Sends requests on connections that are kept from others. */
  readonly pool: Dispatcher
  /** Opens a connection for each request, which no upstream can be just closing. The pool keeps it. */
  readonly fresh: Dispatcher
  /** Begins to connect to an upstream, for the next request of {@link fresh}. */
  connectEarly(origin: string): void
  /**
   * Keeps connections ready for the next request to an upstream, as long after the last one as this returns, in
   * milliseconds.
   */
  keepWarm(warmFor: () => number): void
  /**
   * Applies another configuration to new connections. Connections in use finish their request and are not used again.
   */
  reload(upstream: Config['upstream']): void
  /** Closes all connections. Requests that still run fail. */
  destroy(): Promise<void>
}

const SYSTEM: ConnectorDeps = { clock: systemClock, lookup: systemLookup }

/**
 * Creates the connections to upstreams as configured: with TLS verification, and through the outbound proxy where one
 * applies. Follows no redirect and retries nothing: that is up to the caller.
 */
export function createAgents(upstream: Config['upstream'], deps = SYSTEM): Agents {
  let [current, connector] = [upstream, new Connector(upstream, deps)]
  let warmFor = () => 0
  const options = (): PoolOptions => ({
    clock: deps.clock,
    connect: (...args) => connector.connect(...args),
    warmFor: () => warmFor(),
    http2: current.http2 === 'auto',
    limits: {
      headersTimeout: current.headersTimeout,
      bodyTimeout: current.bodyTimeout,
      maxHeaderSize: MAX_HEADER_SIZE,
    },
  })
  const pool = new ConnectionPool(options())
  return {
    pool,
    fresh: pool.fresh,
    connectEarly: origin => pool.connectEarly(origin),
    keepWarm(milliseconds) {
      warmFor = milliseconds
    },
    open: (...args) => connector.open(...args),
    reload(upstream) {
      if (isDeepStrictEqual(upstream, current)) return
      connector = new Connector(upstream, deps)
      current = upstream
      pool.renew(options())
    },
    destroy: () => pool.destroy(),
  }
}
