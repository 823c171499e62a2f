import { elapsed, type Instant } from '../../kernel/instant.ts'

/** How long an idle connection may be used before anything is known, in milliseconds: gateways allow 20 s and more. */
const FIRST = 10_000

/** The longest that an idle connection is ever used, in milliseconds: some firewalls forget it without a word. */
const MOST = 120_000

/** A connection that ends sooner did not end because it was idle, in milliseconds. */
const SHORTEST = 1_000

/** The part of the upstream's limit in which a connection is no longer used. */
const MARGIN = 0.1

/** A connection that may be idle. */
export interface IdleConnection {
  /** Since when the connection has carried no request. */
  readonly idleSince: Instant
  /** Closes it at once. */
  destroy(): unknown
}

/**
 * How long connections of one kind may be idle and still be used, so that no request is sent just as the upstream closes
 * its connection. This is learned from the connections: one that is too old to be used is watched until it ends.
 */
export class IdleLimit<Connection extends IdleConnection = IdleConnection> {
  #usable = FIRST
  #watched: Connection | undefined

  /** How long a connection may have been idle when it is used, in milliseconds. */
  get usable(): number {
    return this.#usable
  }

  /** Watches a connection that is too old, or closes it if another one is watched already. */
  watch(connection: Connection): void {
    if (this.#watched) connection.destroy()
    else this.#watched = connection
  }

  /** Whether this connection is the one that is watched. */
  isWatching(connection: Connection): boolean {
    return connection === this.#watched
  }

  /** Learns from an idle connection that the upstream has closed. */
  closed(connection: Connection, now: Instant): void {
    const idle = elapsed(connection.idleSince, now)
    if (idle >= SHORTEST) this.#usable = Math.min(MOST, idle * (1 - MARGIN))
    if (this.isWatching(connection)) this.#watched = undefined
  }

  /** Learns from the connection that is watched: half of the time for which it has been idle is safe. */
  look(now: Instant): void {
    if (!this.#watched) return
    const { idleSince } = this.#watched
    const idle = now.monotonic - idleSince.monotonic
    this.#usable = Math.max(this.#usable, Math.min(MOST, idle / 2))
    // while the machine slept, the upstream may have closed it, and nobody would know
    if (idle >= 2 * MOST || elapsed(idleSince, now) > idle + SHORTEST) this.close()
  }

  /** Closes the connection that is watched. */
  close(): void {
    this.#watched?.destroy()
    this.#watched = undefined
  }
}
