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
 * An idle connection is closed after this many milliseconds, unless the upstream's `Keep-Alive: timeout=` says less:
 * below the 20 s or more after which gateways close theirs, so that they do not close it just as we write.
 */
const KEEP_ALIVE = 10_000

/** The largest block of headers of an answer, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024

/** The connections to the upstreams. */
export interface Agents extends Pick<Connector, 'open'> {
  /** Keeps its connections for the requests to come. */
  readonly pool: Dispatcher
  /** Opens a connection for each request. */
  readonly oneShot: Dispatcher
  /** Has connections made from now on be as configured now. Those in use may finish what they do, and nothing else. */
  reload(upstream: Config['upstream']): void
  /** Has the requests that run fail. */
  destroy(): Promise<void>
}

const SYSTEM: ConnectorDeps = { clock: systemClock, lookup: systemLookup }

/**
 * Connects as configured: TLS verified, by way of the outbound proxy where one leads to the upstream; redirects and retries
 * are left to the caller.
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
