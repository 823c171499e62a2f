import { isDeepStrictEqual } from 'node:util'
import type { Client } from 'undici'
import type { Config } from '../config/config.ts'
import { systemClock } from '../kernel/clock.ts'
import { Connector, type ConnectorDeps } from './connection/connector.ts'
import { systemLookup } from './connection/dial.ts'
import type { Dispatcher } from './dispatcher.ts'
import { OneShotConnections } from './one-shot.ts'
import { ConnectionPool } from './pool.ts'

/**
 * Milliseconds after which an idle connection is closed, unless the upstream's `Keep-Alive: timeout=` is shorter.
 * Gateways close theirs after 20 s or more: closing first avoids writing to a connection that they are just closing.
 */
const KEEP_ALIVE = 10_000

/** The largest header section of a response, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024

/**
 * All connections to upstreams, and the entry to this folder. `pool` and `oneShot` send requests, through undici and
 * what `undici/` changes in it; `open` is for CONNECT tunnels. All three open their connections with `connection/`.
 */
export interface Agents extends Pick<Connector, 'open'> {
  /** Keeps its connections for later requests. */
  readonly pool: Dispatcher
  /** Opens a connection for each request. */
  readonly oneShot: Dispatcher
  /**
   * Applies another configuration to new connections. Connections in use finish their request and are not used again.
   */
  reload(upstream: Config['upstream']): void
  /** Closes all connections of both dispatchers. Requests that still run fail. */
  destroy(): Promise<void>
}

const SYSTEM: ConnectorDeps = { clock: systemClock, lookup: systemLookup }

/**
 * Creates the connections to upstreams as configured: with TLS verification, and through the outbound proxy where one
 * applies. Follows no redirect and retries nothing: that is up to the caller.
 */
export function createAgents(upstream: Config['upstream'], deps = SYSTEM): Agents {
  let [current, connector] = [upstream, new Connector(upstream, deps)]
  const options = (): Client.Options => ({
    connect: (...args) => connector.connect(...args),
    headersTimeout: current.headersTimeout,
    bodyTimeout: current.bodyTimeout,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    maxHeaderSize: MAX_HEADER_SIZE,
  })
  const [pool, oneShot] = [new ConnectionPool(options()), new OneShotConnections(options())]
  return {
    pool,
    oneShot,
    open: (...args) => connector.open(...args),
    reload(upstream) {
      if (isDeepStrictEqual(upstream, current)) return
      connector = new Connector(upstream, deps)
      current = upstream
      pool.renew(options())
      oneShot.renew(options())
    },
    destroy: async () => void (await Promise.all([pool.destroy(), oneShot.destroy()])),
  }
}
