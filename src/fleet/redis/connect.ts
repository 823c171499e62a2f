import type { RedisConfig } from '../../config/config.ts'
import { type BackoffBounds, fullJitter } from '../../kernel/backoff.ts'
import { type Clock, DeadlineError, type Timer, withDeadline } from '../../kernel/clock.ts'
import type { Script } from '../script.ts'
import type { ConnectStore, StoreConnection, StoreConnectionEvents } from '../store-connection.ts'
import { evaluate, probe } from './evaluate.ts'
import { explainStoreError } from './explain.ts'
import type { Link, OpenLink } from './link.ts'
import { linkOpener } from './open.ts'
import { meansUnusable, StoreError } from './store-error.ts'

/** How long it may take to open a link and to try it, in milliseconds. */
const OPEN_TIMEOUT = 3000

/** How long a script or a ping may take before the link counts as dead, in milliseconds. */
const RESPONSE_TIMEOUT = 1000

/** The time between pings in milliseconds. They notice a peer that is gone while nothing else is sent. */
const PING_INTERVAL = 5000

/** The shortest wait before a link is opened again, in milliseconds. */
const SHORTEST_WAIT = 100

/** What is added to the shortest wait, at random, so that the members of a fleet do not come back all at once. */
const ADDED_WAIT: BackoffBounds = { base: 100, cap: 1900 }

/** Returns how to connect to the configured Redis. Nothing is loaded or opened before the result is called. */
export function connectRedis(redis: RedisConfig, clock: Clock): ConnectStore {
  const open = linkOpener(redis)
  return events => new RedisConnection(open, events, clock)
}

/** Keeps a link to Redis: opens one, tries it, notices when it is dead, and opens another. */
class RedisConnection implements StoreConnection {
  readonly #open: OpenLink
  readonly #events: StoreConnectionEvents
  readonly #clock: Clock
  readonly #listeners: (readonly [channel: string, heard: (message: string) => void])[] = []
  /** The link, once it was tried. */
  #link: Link | undefined
  /** Ends the current link, or the attempt to open one. */
  #current = new AbortController()
  /** Of the next ping, or of the next attempt to open a link. */
  #timer: Timer | undefined
  /** The reason that was told last, unless the link is up. */
  #reason: string | undefined
  /** How many attempts failed, or led to a link that did not last until its first ping. */
  #failures = 0

  constructor(open: OpenLink, events: StoreConnectionEvents, clock: Clock) {
    this.#open = open
    this.#events = events
    this.#clock = clock
    this.#connect(this.#current)
  }

  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (!this.#link) throw new StoreError('there is no connection to Redis')
    const current = this.#current
    const overdue = () => this.#lose(current, new DeadlineError(`no reply to ${script.name}`))
    const timer = this.#clock.setTimeout(overdue, RESPONSE_TIMEOUT)
    return evaluate(this.#link, script, keys, args)
      .catch(error => {
        // what the library says of a link that was given up meanwhile is not the reason
        if (current.signal.aborted) throw current.signal.reason
        if (meansUnusable(error)) this.#lose(current, error)
        throw error
      })
      .finally(() => this.#clock.clearTimeout(timer))
  }

  listen(channel: string, heard: (message: string) => void): void {
    this.#listeners.push([channel, heard])
    const current = this.#current
    this.#link?.subscribe(channel, heard).catch(error => this.#lose(current, error))
  }

  async close(): Promise<void> {
    this.#end(new StoreError('the connection to Redis is closed'))
  }

  async #connect(current: AbortController): Promise<void> {
    try {
      await withDeadline(this.#clock, OPEN_TIMEOUT, current.signal, () => this.#openAndTry(current))
      this.#reason = undefined
      this.#events.connected()
      this.#pingLater(current)
    } catch (error) {
      this.#lose(current, error)
    }
  }

  async #openAndTry(current: AbortController): Promise<void> {
    const link = await this.#open(current.signal, error => this.#lose(current, error))
    await probe(link)
    // those that are added meanwhile are part of the iteration
    for (const [channel, heard] of this.#listeners) await link.subscribe(channel, heard)
    // it may have been given up meanwhile
    current.signal.throwIfAborted()
    this.#link = link
  }

  #pingLater(current: AbortController): void {
    this.#timer = this.#clock.setTimeout(() => this.#ping(current), PING_INTERVAL)
  }

  async #ping(current: AbortController): Promise<void> {
    try {
      await withDeadline(this.#clock, RESPONSE_TIMEOUT, current.signal, async () => this.#link?.ping())
      this.#failures = 0
      this.#pingLater(current)
    } catch (error) {
      this.#lose(current, error)
    }
  }

  /** Gives up a link, unless it was given up or closed before, and opens another after a while. */
  #lose(current: AbortController, error: unknown): void {
    if (current.signal.aborted) return
    this.#end(error)
    const next = new AbortController()
    this.#current = next
    const wait = SHORTEST_WAIT + fullJitter(this.#failures++, ADDED_WAIT)
    this.#timer = this.#clock.setTimeout(() => this.#connect(next), wait)
    const reason = explainStoreError(error)
    // of attempts that fail for the same reason, the first is enough
    if (reason !== this.#reason) this.#events.lost(reason)
    this.#reason = reason
  }

  #end(reason: unknown): void {
    this.#link = undefined
    this.#current.abort(reason)
    if (this.#timer) this.#clock.clearTimeout(this.#timer)
  }
}
