import { fullJitter } from '../kernel/backoff.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import { Problem } from '../problem/problem.ts'
import type { IssuedToken } from './auth.ts'
import { AuthFailure, asFailure } from './failure.ts'
import type { HeldToken, Lease } from './lease.ts'
import { Renewal, type RenewalOptions } from './renewal.ts'
import type { SessionState, SessionStatus } from './report.ts'
import { extensionDelay, type Moment, momentOf, timeLeft } from './schedule.ts'
import { Waiters } from './waiters.ts'

export type { AuthCall, SessionEvents, SessionState, SessionStatus } from './report.ts'

/** The bounds of the wait after a failed call, in milliseconds. */
const BACKOFF = { base: 500, cap: 60_000 }

/** After a refusal of the credentials nothing is asked for this long, in milliseconds: a hammered key may be locked. */
const PROBE_INTERVAL = 10 * 60_000

/** Logins caused by a 401 that did not name the token are at least this far apart, in milliseconds. */
const DOUBT_INTERVAL = 60_000

export interface SessionOptions extends RenewalOptions {
  readonly clock: Clock
  /** Milliseconds that {@link Session.acquire} waits for a token. */
  readonly waitTimeout: number
  readonly random?: () => number
}

/**
 * One tenant's session: logs in, extends the token ahead of its end, and hands out leases of it. One call is in flight
 * at a time; a failed call never replaces a live token; a dead token is never handed out.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #random: () => number
  readonly #waiters: Waiters<Lease>
  readonly #closing = new AbortController()
  readonly #renewal: Renewal
  #state: SessionState = 'idle'
  #current: HeldToken | undefined
  /** Whether the token is kept back until a login shows whether there is a better one. */
  #inDoubt = false
  #generation = 0
  #attempt = 0
  #timer: Timer | undefined
  #nextCall = 0
  #doubted = Number.NEGATIVE_INFINITY
  #lastRefresh: number | undefined
  #lastError: { at: number; reason: string } | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#waiters = new Waiters(options.clock)
    this.#renewal = new Renewal(options, this.#closing.signal)
  }

  /** A lease of the live token if there is one; it never waits. A token that died unnoticed, in a sleep, is renewed. */
  peek(): Lease | undefined {
    const lease = this.#live()
    if (!lease && this.#state === 'ready') void this.#renew()
    return lease
  }

  /**
   * A lease of a live token, waiting up to `waitTimeout` for one.
   * @throws {Problem} `credentials-rejected` at once when a person must act, `session-unavailable` when the wait ended.
   */
  async acquire(signal?: AbortSignal): Promise<Lease> {
    const lease = this.peek()
    if (lease) return lease
    if (this.#state === 'closed') throw new Problem('draining', 'The proxy is shutting down')
    if (this.#state === 'rejected') throw this.#rejection()
    if (this.#state === 'idle') void this.#renew()
    return this.#waiters.wait(this.#options.waitTimeout, () => this.#unavailable(), signal)
  }

  /**
   * Takes a token that the upstream answered with 401 out of use and gives whether a newer one can be had, so that the
   * request is worth sending again. Older generations are ignored, so a burst of 401s costs one login. A 401 that did
   * not name the token (`doubt`) may be a permission in disguise: it costs at most one login a minute, and the token
   * comes back into use when that login fails.
   */
  invalidate(lease: Lease, doubt: boolean): boolean {
    if (this.#state === 'closed') return false
    if (lease.generation !== this.#current?.lease.generation) return true
    if (!doubt) this.#current = undefined
    else if (!this.#mayDoubt()) return false
    if (this.#state === 'ready') void this.#renew()
    return true
  }

  /** Stops the timers and calls, and refuses whoever waits. */
  close(): void {
    if (this.#state === 'closed') return
    this.#current = undefined
    this.#clearTimer()
    this.#change('closed', 'closed')
    this.#closing.abort(new Error('the session was closed'))
    this.#waiters.reject(new Problem('draining', 'The proxy is shutting down'))
  }

  status(): SessionStatus {
    return {
      state: this.#state,
      generation: this.#generation,
      secondsLeft: Math.floor(this.#millisecondsLeft() / 1000),
      lastRefresh: this.#lastRefresh === undefined ? null : new Date(this.#lastRefresh).toISOString(),
      lastError: this.#lastError
        ? { at: new Date(this.#lastError.at).toISOString(), reason: this.#lastError.reason }
        : null,
      logins: this.#renewal.counts.login,
      extensions: this.#renewal.counts.extend,
    }
  }

  #live(): Lease | undefined {
    return !this.#inDoubt && this.#millisecondsLeft() > 0 ? this.#current?.lease : undefined
  }

  #millisecondsLeft(): number {
    return this.#current ? timeLeft(this.#current, momentOf(this.#options.clock)) : 0
  }

  /** Puts the token in doubt, unless that was done lately or no call is to be made for now. */
  #mayDoubt(): boolean {
    if (this.#inDoubt) return true
    const now = this.#options.clock.monotonic()
    const callable = this.#state === 'ready' || this.#state === 'authenticating'
    if (!callable || now - this.#doubted < DOUBT_INTERVAL) return false
    this.#doubted = now
    this.#inDoubt = true
    return true
  }

  async #renew(): Promise<void> {
    this.#clearTimer()
    const [live, asked] = [this.#live(), momentOf(this.#options.clock)]
    this.#change('authenticating', live ? 'extending the session' : 'logging in')
    const outcome = await this.#renewal.obtain(live).catch(asFailure)
    if (this.#state === 'closed') return
    this.#inDoubt = false
    if (outcome instanceof AuthFailure) this.#fail(outcome)
    else this.#accept(outcome, asked)
  }

  #accept({ token, lifetime }: IssuedToken, asked: Moment): void {
    const lease = { token, generation: ++this.#generation }
    this.#current = { lease, lifetime, asked }
    this.#attempt = 0
    this.#lastRefresh = this.#options.clock.now()
    this.#schedule(extensionDelay(lifetime, this.#random()))
    this.#change('ready', `live for ${Math.round(lifetime / 1000)} s`)
    this.#waiters.resolve(lease)
  }

  #fail(failure: AuthFailure): void {
    this.#lastError = { at: this.#options.clock.now(), reason: failure.message }
    const rejected = failure.nature === 'rejected'
    const backoff = () => Math.max(failure.retryAfter, fullJitter(this.#attempt++, BACKOFF, this.#random))
    this.#schedule(rejected ? PROBE_INTERVAL : backoff())
    this.#change(rejected ? 'rejected' : 'backing-off', failure.message)
    const lease = this.#live()
    if (lease) this.#waiters.resolve(lease)
    else if (rejected) this.#waiters.reject(this.#rejection())
  }

  #schedule(delay: number): void {
    const { clock } = this.#options
    this.#nextCall = clock.monotonic() + delay
    this.#timer = clock.setTimeout(() => void this.#renew(), delay)
  }

  #clearTimer(): void {
    if (this.#timer) this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #change(to: SessionState, reason: string): void {
    const from = this.#state
    this.#state = to
    if (from !== to) this.#options.events?.changed?.(from, to, reason)
  }

  #rejection(): Problem {
    return new Problem('credentials-rejected', this.#reason())
  }

  #unavailable(): Problem {
    const wait = Math.max(1, Math.ceil((this.#nextCall - this.#options.clock.monotonic()) / 1000))
    return new Problem('session-unavailable', `There is no live session: ${this.#reason()}`, { retryAfter: wait })
  }

  #reason(): string {
    return this.#lastError?.reason ?? 'the first login has not been answered yet'
  }
}
