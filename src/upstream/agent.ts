import { buildConnector, type Client } from 'undici'
import type { Config } from '../config/config.ts'
import { readPemFile } from '../config/text-file.ts'
import { FreshConnections } from './fresh-connections.ts'
import type { Carrier } from './handler.ts'
import { KeptConnections } from './kept-connections.ts'
import { mend } from './mend.ts'
import { byWayOf } from './outbound-proxy.ts'
import { type Trust, trusting } from './trust.ts'

/**
 * An idle connection is closed after this many milliseconds, unless the upstream's `Keep-Alive: timeout=` says less:
 * below the 20 s or more after which gateways close theirs, so that they do not close it just as we write.
 */
const KEEP_ALIVE = 10_000

/** The largest block of headers of an answer, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024

/** The connections to the upstreams. */
export interface Agents {
  /** Keeps its connections for the requests to come. */
  readonly kept: Carrier
  /** Opens a connection for each request. */
  readonly fresh: Carrier
  /** Whom they trust. */
  readonly trust: Trust
  /** Has the requests that run fail. */
  destroy(): Promise<void>
}

/**
 * Connects as configured: TLS verified, by way of the outbound proxy where one leads to the upstream; redirects and retries
 * are left to the caller.
 */
export async function createAgents(upstream: Config['upstream']): Promise<Agents> {
  const trust = trusting(upstream.caFile && (await readPemFile(upstream.caFile)))
  const options = optionsOf(upstream, trust)
  const [kept, fresh] = [new KeptConnections(options), new FreshConnections(options)]
  return { kept, fresh, trust, destroy: async () => void (await Promise.all([kept.destroy(), fresh.destroy()])) }
}

function optionsOf(upstream: Config['upstream'], trust: Trust): Client.Options {
  const { headersTimeout, bodyTimeout } = upstream
  return {
    connect: byWayOf(upstream, trust, timeout => mended(buildConnector({ timeout, ...trust }))),
    headersTimeout,
    bodyTimeout,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    maxHeaderSize: MAX_HEADER_SIZE,
  }
}

function mended(connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (...made) => {
      const [, socket] = made
      if (socket) mend(socket, () => done(...made))
      else done(...made)
    })
}
