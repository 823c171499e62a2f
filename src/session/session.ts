import type { Credentials } from '../config/config.ts'
import { fullJitter } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import { type Moment, momentOf } from '../kernel/moment.ts'
import type { Secret } from '../kernel/secret.ts'
import { Problem } from '../problem/problem.ts'
import type { Target } from '../stacks/resolve.ts'
import { Alarm } from './alarm.ts'
import type { IssuedToken } from './auth.ts'
import { AuthFailure, asFailure, closed } from './failure.ts'
import { Holding } from './holding.ts'
import { judgeInvalidation, RENEWAL_INTERVAL } from './invalidation.ts'
import type { Lease } from './lease.ts'
import { Renewal, type RenewalOptions } from './renewal.ts'
import type { Retry, SessionStatus } from './report.ts'
import { extensionDelay } from './schedule.ts'
import { next, type SessionEvent, type SessionState } from './states.ts'
import { Waiters } from './waiters.ts'

/** The bounds of the wait after a failed call, in milliseconds. */
const BACKOFF = { base: 500, cap: 60_000 }

/** After a refusal of the credentials nothing is asked for this long, in milliseconds: a hammered key may be locked. */
const PROBE_INTERVAL = 10 * 60_000

/** Milliseconds, asked for anew each time. */
export interface SessionSettings {
  /** How long {@link Session.acquire} waits for a token. */
  readonly waitTimeout: number
  /** After this long without {@link Session.acquire} the token is not extended any more. */
  readonly idleAfter: number
}

export interface SessionOptions extends RenewalOptions {
  /** The API that its tokens are for. */
  readonly target: Target
  readonly settings: () => SessionSettings
  readonly random?: () => number
}

/**
 * The session of one access key: logs in, extends the token ahead of its end, and hands out leases of it. One call is in
 * flight at a time; a failed call never replaces a live token; a dead token is never handed out.
 */
export class Session {
  // what each request needs stands first: where there are many tenants, it is far from the processor
  readonly #clock: Clock
  readonly #holding: Holding
  #lastUse: number
  #state: SessionState = 'idle'
  readonly #options: SessionOptions
  readonly #random: () => number
  readonly #waiters: Waiters<Lease>
  readonly #closing = new AbortController()
  readonly #renewal: Renewal
  readonly #alarm: Alarm
  #attempt = 0
  #isHopeless = false
  #lastInvalidated = Number.NEGATIVE_INFINITY
  #lastRefresh: number | undefined
  #lastError: SessionStatus['lastError'] = null

  constructor(options: SessionOptions) {
    const { clock, random = Math.random } = options
    this.#clock = clock
    this.#holding = new Holding(clock)
    this.#lastUse = clock.monotonic()
    this.#options = options
    this.#random = random
    this.#waiters = new Waiters(clock)
    this.#renewal = new Renewal(options, this.#closing.signal)
    this.#alarm = new Alarm(clock, () => this.#due())
  }

  get state(): SessionState {
    return this.#state
  }

  /**
   * A lease of the live token if there is one; it never waits. What a sleep of the machine kept from being done is done
   * now: a token that died unnoticed is renewed, and a call that was due is made.
   */
  peek(): Lease | undefined {
    const lease = this.#holding.live
    if (!lease && (this.#state === 'ready' || (this.#state === 'backing-off' && this.#alarm.remaining <= 0)))
      void this.#renew()
    return lease
  }

  /** The same for a request, which counts as use. */
  use(): Lease | undefined {
    this.#lastUse = this.#clock.monotonic()
    return this.peek()
  }

  /**
   * A lease of a live token, waiting up to `waitTimeout` for one.
   * @throws {Problem} `credentials-rejected` at once when a person must act, `session-unavailable` when the wait ended, or
   *   at once where the last call failed in a way that the next will, too.
   */
  async acquire(signal?: EndSignal): Promise<Lease> {
    const lease = this.use()
    if (lease) return lease
    if (this.#state === 'closed') throw closed()
    if (this.#state === 'rejected') throw this.#rejection()
    if (this.#state === 'backing-off' && this.#isHopeless) throw this.#unavailable()
    this.start()
    return this.#waiters.wait(this.#options.settings().waitTimeout, () => this.#unavailable(), signal)
  }

  /** Logs in, unless that was done before. */
  start(): void {
    if (this.#state === 'idle') void this.#renew()
  }

  /**
   * Notes that the upstream answered 401 to a lease, which names the token as its reason or gives none, and says whether
   * a newer token can be had, so that the request is worth sending again. Leases that are not the current one are
   * ignored, so that a burst of 401s costs one call.
   */
  invalidate(lease: Lease, named: boolean): boolean {
    const { isInDoubt, unexpired } = this.#holding
    if (lease !== unexpired || (isInDoubt && !named)) return this.#state !== 'closed'
    const now = this.#clock.monotonic()
    const lately = now - this.#lastInvalidated < RENEWAL_INTERVAL
    const callable = this.#state === 'ready' || this.#state === 'authenticating'
    const verdict = judgeInvalidation({ named, lately, accepted: lease.isAccepted, callable })
    if (verdict === 'keep') return false
    if (verdict === 'drop') this.#holding.drop()
    else this.#holding.doubt()
    // a call that was put off may have been made early, after a sleep
    const due = lately ? Math.min(this.#lastInvalidated, now) + RENEWAL_INTERVAL : now
    // else a call is under way or due that no 401 caused
    if (this.#state === 'ready') this.#renewAt(due)
    return true
  }

  /** Whether the session logs in with this key. */
  uses(key: Credentials): boolean {
    return this.#renewal.uses(key)
  }

  /** The token and the secret key that it has now. */
  get secrets(): Secret[] {
    return [this.#holding.unexpired?.token, this.#renewal.secretKey].filter(secret => secret !== undefined)
  }

  /** Stops the timers and calls, and refuses whoever waits. */
  close(): void {
    if (this.#state === 'closed') return
    this.#holding.drop()
    this.#alarm.clear()
    this.#move('closed', 'no longer needed')
    const reason = closed()
    this.#closing.abort(reason)
    this.#waiters.reject(reason)
  }

  status(): SessionStatus {
    return {
      state: this.#state,
      generation: this.#holding.generation,
      secondsLeft: Math.floor(this.#holding.millisecondsLeft / 1000),
      lastRefresh: this.#lastRefresh === undefined ? null : new Date(this.#lastRefresh).toISOString(),
      lastError: this.#lastError,
    }
  }

  #renewAt(due: number): void {
    this.#lastInvalidated = due
    const wait = due - this.#clock.monotonic()
    if (wait <= 0) return void this.#renew()
    const reason = 'the upstream refused two tokens within a minute'
    this.#noteError(reason)
    this.#alarm.set(wait)
    this.#move('postponed', reason)
  }

  async #renew(): Promise<void> {
    this.#alarm.clear()
    const [token, asked] = [this.#holding.unexpired, momentOf(this.#clock)]
    this.#move('called', token ? 'extending the session' : 'logging in')
    const outcome = await this.#renewal.obtain(token, () => this.#holding.refuse()).catch(asFailure)
    if (this.#state === 'closed') return
    if (outcome instanceof AuthFailure) this.#fail(outcome)
    else this.#accept(outcome, asked)
  }

  #accept(issued: IssuedToken, asked: Moment): void {
    const lease = this.#holding.replace(issued, this.#options.target, asked)
    if (this.#holding.live === undefined) {
      // the machine slept during the call, or it took longer than the token lives
      this.#fail(new AuthFailure('transient', 'the token had expired by the time it arrived'))
      return
    }
    this.#attempt = 0
    this.#isHopeless = false
    this.#lastRefresh = this.#clock.now()
    this.#alarm.set(extensionDelay(issued.lifetime, this.#random()))
    this.#move('issued', `live for ${Math.round(issued.lifetime / 1000)} s`)
    this.#waiters.resolve(lease)
  }

  #fail(failure: AuthFailure): void {
    this.#holding.trust()
    this.#noteError(failure.message)
    const rejected = failure.nature === 'rejected'
    const delay = rejected ? PROBE_INTERVAL : this.#backoff(failure)
    this.#isHopeless = failure.lasting
    this.#alarm.set(delay)
    const lease = this.#holding.live
    if (rejected) this.#move('refused', failure.message)
    else this.#move('failed', failure.message, { attempt: this.#attempt, delay, isServing: lease !== undefined })
    if (lease) this.#waiters.resolve(lease)
    else if (rejected) this.#waiters.reject(this.#rejection())
    else if (failure.lasting) this.#waiters.reject(this.#unavailable())
  }

  #backoff({ retryAfter }: AuthFailure): number {
    return Math.max(retryAfter, fullJitter(this.#attempt++, BACKOFF, this.#random))
  }

  #noteError(reason: string): void {
    this.#lastError = { at: new Date(this.#clock.now()).toISOString(), reason }
  }

  #due(): void {
    const unused = this.#clock.monotonic() - this.#lastUse
    if (this.#state === 'ready' && unused >= this.#options.settings().idleAfter) this.#rest(unused)
    else void this.#renew()
  }

  #rest(unused: number): void {
    this.#holding.drop()
    this.#alarm.clear()
    this.#move('rested', `no request for ${Math.round(unused / 1000)} s`)
  }

  #move(event: SessionEvent, reason: string, retry?: Retry): void {
    const from = this.#state
    this.#state = next(from, event)
    this.#options.events?.changed?.(from, this.#state, reason, retry)
  }

  #rejection(): Problem {
    return new Problem('credentials-rejected', this.#reason())
  }

  #unavailable(): Problem {
    const wait = Math.max(1, Math.ceil(this.#alarm.remaining / 1000))
    return new Problem('session-unavailable', `There is no live session: ${this.#reason()}`, { retryAfter: wait })
  }

  #reason(): string {
    return this.#lastError?.reason ?? 'the login has not been answered yet'
  }
}
