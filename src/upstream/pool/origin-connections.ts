import type { Socket } from 'node:net'
import type { Client } from 'undici'
import type { Timer } from '../../kernel/clock.ts'
import { elapsed, type Instant, instantOf } from '../../kernel/instant.ts'
import type { DispatchOptions } from '../dispatcher.ts'
import type { DispatchHandler } from '../undici/handler.ts'
import { BorrowingHandler, type Lender } from './borrowing-handler.ts'
import { type ConnectionEvents, Http1Connection } from './http1-connection.ts'
import { IdleLimit } from './idle-limit.ts'
import { Multiplexing } from './multiplexing.ts'
import { Pause } from './pause.ts'
import { INTERVAL, LEAD, type PoolOptions } from './pool-options.ts'
import { RecentPeak } from './recent-peak.ts'

/** Connections that the upstream closes sooner are not kept ready, in milliseconds: each costs a handshake. */
const WORTHWHILE = 5_000

/** The most connections that are kept ready for one origin. */
const MOST = 100

/** The most connections that are opened at the same time before a request needs them. */
const MOST_AT_ONCE = 20

/**
 * Milliseconds after which undici closes an idle connection, unless the upstream's `Keep-Alive: timeout=` is shorter:
 * longer than any is kept here.
 */
const KEEP_ALIVE = 600_000

/**
 * The connections to one origin. While it is in use, as many are kept ready as there were requests at once lately, and
 * each is replaced before the upstream may have closed it.
 *
 * Requests go over HTTP/1.1, because HTTP/2 takes more than twice the CPU time. Those for which no connection is ready
 * go over HTTP/2, if the upstream offers it.
 */
export class OriginConnections implements ConnectionEvents, Lender {
  readonly #origin: string
  readonly #options: PoolOptions
  readonly #client: Client.Options
  /** All but those that are too old. */
  readonly #all = new Set<Http1Connection>()
  /** Those that wait for a request. The one used last is taken first, so that surplus ones become too old. */
  readonly #free: Http1Connection[] = []
  /** Those that are being opened before a request needs them. */
  readonly #opening: Http1Connection[] = []
  /** The one that the next request on a new connection gets. */
  #early: Http1Connection | undefined
  readonly #used = new IdleLimit<Http1Connection>()
  readonly #unused = new IdleLimit<Http1Connection>()
  readonly #multiplexing: Multiplexing
  readonly #peak: RecentPeak
  readonly #pause = new Pause()
  #lastUse: Instant
  #timer: Timer | undefined

  constructor(origin: string, options: PoolOptions, lastUse = instantOf(options.clock)) {
    this.#origin = origin
    this.#options = options
    this.#client = { ...options.limits, keepAliveTimeout: KEEP_ALIVE, keepAliveMaxTimeout: KEEP_ALIVE }
    this.#lastUse = lastUse
    this.#peak = new RecentPeak(lastUse.monotonic)
    this.#multiplexing = new Multiplexing(origin, options, socket => this.#prepare(Promise.resolve(socket)))
    if (this.#isWarm(lastUse)) this.#multiplexing.keepReady(lastUse)
  }

  /** Whether there is no connection that may carry a request. */
  get isEmpty(): boolean {
    return this.#all.size === 0 && this.#multiplexing.isEmpty
  }

  /** Sends a request on a connection that is ready, if there is one. */
  dispatch(options: DispatchOptions, handler: DispatchHandler): void {
    this.#lastUse = instantOf(this.#options.clock)
    const free = this.#takeFree()
    const multiplexed = free ? undefined : this.#multiplexing.for(options, this.#lastUse)
    if (multiplexed) multiplexed.dispatch(options, handler)
    else this.#lend(free ?? this.#opening.pop() ?? this.#open(), options, handler)
    this.#peak.note(this.#busy + this.#multiplexing.running)
  }

  /** Begins to connect, for the next request on a new connection. */
  connectEarly(): void {
    this.#early ??= this.#open()
    this.#multiplexing.keepReady(this.#lastUse)
  }

  /** Sends a request on a new connection. */
  dispatchFresh(options: DispatchOptions, handler: DispatchHandler): void {
    const connection = this.#early ?? this.#open()
    this.#early = undefined
    this.#lend(connection, options, handler)
  }

  /** Returns connections with other options that take over from these, which are closed. */
  renewed(options: PoolOptions): OriginConnections {
    const renewed = new OriginConnections(this.#origin, options, this.#lastUse)
    renewed.#upkeep()
    this.close()
    return renewed
  }

  /** Closes the connections that wait, and each of the others after its request. */
  close(): void {
    this.#stop()
    this.#multiplexing.close()
    for (const connection of this.#free.splice(0)) void connection.destroy()
    for (const connection of this.#all) connection.close()
  }

  /** Closes all connections. Requests that still run fail. */
  async destroy(): Promise<void> {
    this.#stop()
    this.#multiplexing.destroy()
    await Promise.all([...this.#all].map(connection => connection.destroy()))
  }

  giveBack(connection: Http1Connection): void {
    if (connection.isClosed) return
    connection.idleSince = instantOf(this.#options.clock)
    this.#free.push(connection)
  }

  opened(connection: Http1Connection): void {
    this.#pause.succeeded()
    if (remove(this.#opening, connection)) this.giveBack(connection)
  }

  ended(connection: Http1Connection): void {
    const now = instantOf(this.#options.clock)
    const limit = this.#limitOf(connection)
    this.#all.delete(connection)
    if (connection === this.#early) this.#early = undefined
    if (remove(this.#opening, connection)) this.#pause.failed(now.monotonic)
    if (remove(this.#free, connection) || limit.isWatching(connection)) {
      limit.closed(connection, now)
      // close() would wait for a finished request, or connect again for an aborted one
      void connection.destroy()
    } else connection.close()
  }

  #takeFree(): Http1Connection | undefined {
    const last = this.#free.at(-1)
    return last && this.#leftOf(last, this.#lastUse) > 0 ? this.#free.pop() : undefined
  }

  /** How many connections carry a request. */
  get #busy(): number {
    return this.#all.size - this.#free.length - this.#opening.length
  }

  #isWarm(now: Instant): boolean {
    return elapsed(this.#lastUse, now) < this.#options.warmFor()
  }

  #connect(): Promise<Socket> {
    return this.#options.connect(this.#origin, ['http/1.1'])
  }

  #open(opening = this.#connect()): Http1Connection {
    const options = { origin: this.#origin, open: () => this.#connect(), events: this, client: this.#client }
    const connection = new Http1Connection(opening, options)
    this.#all.add(connection)
    return connection
  }

  /** Opens a connection before a request needs it. */
  #prepare(opening?: Promise<Socket>): void {
    this.#opening.push(this.#open(opening))
  }

  #lend(connection: Http1Connection, options: DispatchOptions, handler: DispatchHandler): void {
    connection.dispatch(options, new BorrowingHandler(handler, this, connection))
    this.#timer ??= this.#options.clock.setTimeout(() => this.#upkeep(), INTERVAL)
  }

  /** Closes connections that are too old, and opens those that will be needed, again and again while there are any. */
  #upkeep(): void {
    const now = instantOf(this.#options.clock)
    this.#peak.forget(now.monotonic)
    for (const limit of [this.#used, this.#unused]) limit.look(now)
    this.#retireOld(now)
    this.#multiplexing.retireOld(now)
    const isWarm = this.#isWarm(now)
    if (isWarm) {
      this.#replenish(now)
      this.#multiplexing.keepReady(now)
    }
    if (isWarm || !this.isEmpty) this.#timer = this.#options.clock.setTimeout(() => this.#upkeep(), INTERVAL)
    else this.#stop()
  }

  #retireOld(now: Instant): void {
    for (const connection of this.#free.filter(each => this.#leftOf(each, now) <= 0)) {
      remove(this.#free, connection)
      this.#all.delete(connection)
      this.#limitOf(connection).watch(connection)
    }
  }

  #replenish(now: Instant): void {
    if (this.#pause.isOn(now.monotonic) || this.#unused.usable < WORTHWHILE) return
    const wanted = Math.min(Math.max(this.#peak.value, 1), MOST)
    const old = this.#free.filter(each => this.#leftOf(each, now) <= LEAD).length
    const missing = Math.min(wanted - (this.#all.size - old), MOST_AT_ONCE - this.#opening.length)
    for (let count = 0; count < missing; count++) this.#prepare()
  }

  #stop(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    for (const limit of [this.#used, this.#unused]) limit.close()
  }

  /** For how many more milliseconds an idle connection may be used. */
  #leftOf(connection: Http1Connection, now: Instant): number {
    return this.#limitOf(connection).usable - elapsed(connection.idleSince, now)
  }

  /** A server closes connections that have not carried a request after another time than those that have. */
  #limitOf(connection: Http1Connection): IdleLimit<Http1Connection> {
    return connection.isUsed ? this.#used : this.#unused
  }
}

/** Removes a value from a list. Returns whether it was there. */
function remove<T>(list: T[], value: T): boolean {
  const at = list.indexOf(value)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}
