import type { Socket } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import type { Protocol } from '../connection/tls-client.ts'

/** How often the connections of a pool are looked at, in milliseconds. */
export const INTERVAL = 1_000

/** How long before a connection becomes too old it is replaced, in milliseconds: longer than it takes to open one. */
export const LEAD = 2_000

/** The limits of requests and responses: times in milliseconds, sizes in bytes. */
export interface ResponseLimits {
  readonly headersTimeout: number
  readonly bodyTimeout: number
  readonly maxHeaderSize: number
}

/** What a pool of connections needs. */
export interface PoolOptions {
  readonly clock: Clock
  /** Connects to an origin, where the upstream chooses one of the protocols. Rejects with a `ConnectError`. */
  readonly connect: (origin: string, protocols: readonly Protocol[]) => Promise<Socket>
  /** How long after a request to an origin connections are kept ready for the next one, in milliseconds. */
  readonly warmFor: () => number
  /** Whether HTTP/2 is used where the upstream offers it. */
  readonly http2: boolean
  readonly limits: ResponseLimits
}
