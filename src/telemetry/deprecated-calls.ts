import { LRUCache } from 'lru-cache'
import type { Clock } from '../kernel/clock.ts'
import { ensure } from '../kernel/ensure.ts'
import { DAY } from '../kernel/instant.ts'
import type { Log } from '../kernel/log.ts'
import type { Exchange } from '../request/exchange.ts'

/**
 * How many combinations of tenant, client and operation are counted. The least recently used are forgotten first, and are
 * logged again when they return, so there is room for ten of a thousand tenants.
 */
const MOST_COUNTED = 10_000

/** The requests of one client for one deprecated operation of a tenant. */
export interface DeprecatedCall {
  readonly tenant: string
  /** The name of the client; null if no clients are configured. */
  readonly client: string | null
  readonly method: string
  /** The path template of the operation. */
  readonly operation: string
  /** The number of requests since the start. */
  readonly requests: number
  /** The time of the last request, in milliseconds since the epoch. */
  readonly lastAt: number
}

interface Row extends DeprecatedCall {
  requests: number
  lastAt: number
  /** The time of the last log line about these requests, in milliseconds of the monotonic clock. */
  loggedAt: number
}

/** Counts who still uses deprecated operations of the API, and logs each of them once a day. */
export class DeprecatedCalls {
  readonly #clock: Clock
  readonly #log: Log
  readonly #rows = new LRUCache<string, Row>({ max: MOST_COUNTED })

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Counts a request, if its operation is deprecated: whatever became of it, its client should send another. */
  count({ tenant, client, method, operation }: Exchange): void {
    if (operation?.deprecatedAt === undefined || tenant === null) return
    const row = this.#rowOf({ tenant, client, method, operation: operation.template })
    row.requests++
    row.lastAt = this.#clock.now()
    const now = this.#clock.monotonic()
    if (now - row.loggedAt < DAY) return
    row.loggedAt = now
    const who = client === null ? 'a client' : `client ${client}`
    const facts = { tenant, client, method, operation: row.operation, requests: row.requests }
    this.#log.warn(facts, `tenant ${tenant}: ${who} uses the deprecated operation ${method} ${row.operation}`)
  }

  /** Lists what was counted, most recently used first. */
  *all(): Generator<DeprecatedCall> {
    for (const { loggedAt: _, ...call } of this.#rows.values()) yield call
  }

  #rowOf(call: Omit<DeprecatedCall, 'requests' | 'lastAt'>): Row {
    const key = JSON.stringify(call)
    const make = (): Row => ({ ...call, requests: 0, lastAt: 0, loggedAt: Number.NEGATIVE_INFINITY })
    return ensure<string, Row>(this.#rows, key, make)
  }
}
