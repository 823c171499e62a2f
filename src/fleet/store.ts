import { fullJitter } from '../kernel/backoff.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import { PROBE, PROBE_KEY } from './probe.ts'
import type { Script } from './script.ts'
import { StoreCalls } from './store-calls.ts'
import type { ConnectStore, StoreConnection } from './store-connection.ts'

/** How long the store may take to answer, in milliseconds. No request waits longer because of it. */
const DEADLINE = 100

/** How long the store is left alone after a failure, in milliseconds, before it is tried again. */
const BACKOFF = { base: 500, cap: 5_000 }

/** How long the store must have been up, in milliseconds, for a failure to count as the first. */
const STEADY = 30_000

/**
 * - `connecting`: the member has just started, and has no connection yet. It is waited for, because members that start
 *   together would otherwise all log in.
 * - `up`: scripts run in the store.
 * - `down`: the store failed, and this member goes on alone.
 */
export type StoreState = 'connecting' | 'up' | 'down'

/** Thrown if the store did not do what it was asked, because it is down, slow, or refuses. Go on alone. */
export class StoreDown extends Error {
  override readonly name = 'StoreDown'
}

/** What a {@link Store} needs. */
export interface StoreOptions {
  readonly clock: Clock
  readonly connect: ConnectStore
  /** Returns what is wrong, for people, when a script fails. Contains no secret. */
  readonly explain: (error: unknown) => string
  /** Called when the store fails, with the reason for people, and when it is up. */
  readonly changed: (state: 'up' | 'down', reason: string | null) => void
  /** Returns a number in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number
}

/**
 * Runs scripts in the store that a fleet shares, and is a circuit breaker: after one failure nothing is asked any more,
 * so that requests do not wait again and again. It tries in the background whether the store is back.
 */
export class Store {
  readonly calls: StoreCalls
  readonly #options: StoreOptions
  readonly #random: () => number
  readonly #connection: StoreConnection
  /** Those who wait for the first connection. */
  readonly #waiting: (() => void)[] = []
  #state: StoreState = 'connecting'
  #reason: string | null = null
  #isConnected = false
  #failures = 0
  #upAt = 0
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: StoreOptions) {
    const { clock, connect, random = Math.random } = options
    this.#options = options
    this.#random = random
    this.calls = new StoreCalls(clock)
    this.#connection = connect({ connected: () => this.#connected(), lost: reason => this.#lost(reason) })
  }

  get state(): StoreState {
    return this.#state
  }

  /** Why the store is down, for people; null unless it is. */
  get reason(): string | null {
    return this.#reason
  }

  /** Whether it is worth asking the store. True while the first connection is being made. */
  get isWorthAsking(): boolean {
    return this.#state !== 'down'
  }

  /**
   * Runs a script. While the first connection is being made, waits for that, too.
   * @throws {StoreDown} within 100 ms if the store does not answer, and at once if it is known to be down
   */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (this.#state === 'connecting') await new Promise<void>(resolve => this.#waiting.push(resolve))
    if (this.#state !== 'up') throw new StoreDown(this.#reason ?? 'closed')
    return this.#ask(script, keys, args)
  }

  /** Calls `heard` for each message that a script publishes on a channel, while there is a connection. */
  listen(channel: string, heard: (message: string) => void): void {
    this.#connection.listen(channel, heard)
  }

  /** Ends the connection. Later calls of {@link Store.run} reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#clearTimer()
    this.#state = 'down'
    this.#started()
    await this.#connection.close()
  }

  async #ask(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await this.calls.timed(script.name, this.#withDeadline(this.#connection.run(script, keys, args)))
    } catch (error) {
      const reason = error instanceof StoreDown ? error.message : this.#options.explain(error)
      // what fails because the connection was lost does not say why that was
      if (this.#isConnected) this.#fail(reason)
      throw new StoreDown(reason, { cause: error })
    }
  }

  /**
   * Rejects if `answer` takes too long. After the deadline the event loop turns once more: if it was this process that
   * was too busy, the answer is already here.
   */
  #withDeadline(answer: Promise<unknown>): Promise<unknown> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      const late = () => reject(new StoreDown(`no answer within ${DEADLINE} ms`))
      let timer = clock.setTimeout(() => {
        timer = clock.setTimeout(late, 0)
      }, DEADLINE)
      answer.then(resolve, reject).finally(() => clock.clearTimeout(timer))
    })
  }

  #connected(): void {
    this.#isConnected = true
    // after a failure it is left alone for a while, and then tried
    if (!this.#timer) this.#up()
  }

  #lost(reason: string): void {
    this.#isConnected = false
    this.#fail(reason)
  }

  #fail(reason: string): void {
    if (this.#isClosed) return
    this.#clearTimer()
    this.#reason = reason
    if (this.#state === 'up' && this.#options.clock.monotonic() - this.#upAt >= STEADY) this.#failures = 0
    const delay = Math.max(BACKOFF.base, fullJitter(this.#failures++, BACKOFF, this.#random))
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined
      void this.#try()
    }, delay)
    if (this.#state === 'down') return
    this.#state = 'down'
    this.#started()
    this.#options.changed('down', reason)
  }

  /** Tries whether the store runs scripts. Without a connection it does not, and the next attempt follows that. */
  async #try(): Promise<void> {
    if (!this.#isConnected || this.#isClosed) return
    try {
      await this.#ask(PROBE, [PROBE_KEY], [])
    } catch {
      return
    }
    this.#up()
  }

  #up(): void {
    if (this.#isClosed || !this.#isConnected) return
    this.#upAt = this.#options.clock.monotonic()
    this.#reason = null
    this.#state = 'up'
    this.#started()
    this.#options.changed('up', null)
  }

  #started(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #clearTimer(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
