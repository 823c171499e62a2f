import type { IssuedToken } from '../auth/auth-api.ts'
import { AuthFailure, asFailure, closed } from '../auth/auth-failure.ts'
import type { Credentials } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { type Instant, instantOf } from '../kernel/instant.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Api } from '../stacks/resolve.ts'
import { Evidence, type Grounds, type Retry, UNINFORMATIVE, type Unauthorized } from './evidence.ts'
import { HeldToken } from './held-token.ts'
import { History } from './history.ts'
import { judgeInvalidation } from './invalidation.ts'
import type { Lease } from './lease.ts'
import { Renewal, type RenewalOptions } from './renewal.ts'
import type { NextCall, SessionStatus } from './report.ts'
import { extensionDelay, retryDelay } from './schedule.ts'
import { next, type SessionEvent, type SessionState } from './states.ts'
import { Waiters } from './waiters.ts'
import { WakeTimer } from './wake-timer.ts'

/** Milliseconds, asked for anew each time. */
export interface SessionSettings {
  /** How long {@link Session.acquire} waits for a token. */
  readonly waitTimeout: number
  /** After this long without {@link Session.acquire} the token is not extended any more. */
  readonly idleAfter: number
}

export interface SessionOptions extends RenewalOptions {
  /** The API that its tokens are for. */
  readonly api: Api
  readonly settings: () => SessionSettings
  readonly random?: () => number
  /** Shared by the sessions of a tenant, so that it outlives a change of its key. */
  readonly evidence?: Evidence
}

/**
 * The session of one access key: logs in, extends the token ahead of its end, and hands out leases of it. One call is in
 * flight at a time; a failed call never replaces a live token; a dead token is never handed out.
 */
export class Session {
  // what each request needs stands first: where there are many tenants, it is far from the processor
  readonly #clock: Clock
  readonly #heldToken: HeldToken
  #lastUse: number
  #state: SessionState = 'idle'
  readonly #options: SessionOptions
  readonly #random: () => number
  readonly #waiters: Waiters<Lease>
  readonly #closing = new AbortController()
  readonly #renewal: Renewal
  readonly #wakeTimer: WakeTimer
  readonly #evidence: Evidence
  readonly #history = new History()
  #attempt = 0
  #isHopeless = false

  constructor(options: SessionOptions) {
    const { clock, random = Math.random, evidence = new Evidence() } = options
    this.#clock = clock
    this.#evidence = evidence
    this.#heldToken = new HeldToken(evidence)
    this.#lastUse = clock.monotonic()
    this.#options = options
    this.#random = random
    this.#waiters = new Waiters(clock)
    this.#renewal = new Renewal(options, this.#closing.signal)
    this.#wakeTimer = new WakeTimer(clock, () => this.#due())
  }

  get state(): SessionState {
    return this.#state
  }

  /**
   * A lease of the live token if there is one; it never waits. What a sleep of the machine kept from being done is done
   * now: a token that died unnoticed is renewed, and a call that was due is made.
   */
  peek(): Lease | undefined {
    return this.#look(instantOf(this.#clock))
  }

  /** The same for a request, which counts as use. */
  use(): Lease | undefined {
    const now = instantOf(this.#clock)
    this.#lastUse = now.monotonic
    return this.#look(now)
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
    if (this.#state === 'rejected') throw this.#history.rejection()
    if (this.#state === 'backing-off' && this.#isHopeless) throw this.#unavailable(instantOf(this.#clock))
    this.start()
    const unavailable = () => this.#unavailable(instantOf(this.#clock))
    return this.#waiters.wait(this.#options.settings().waitTimeout, unavailable, signal)
  }

  /** Logs in, unless that was done before. */
  start(): void {
    if (this.#state === 'idle') void this.#renew(instantOf(this.#clock))
  }

  /**
   * Notes that the upstream answered 401 to a lease. Gives what the request is sent again with when a newer token can be
   * had, and `undefined` where the 401 is the client's. Leases that are not the current one are ignored, so that a burst
   * of 401s costs one call.
   */
  invalidate(lease: Lease, refusal: Unauthorized): Retry | undefined {
    const now = instantOf(this.#clock)
    const { named, again } = refusal
    const { isInDoubt } = this.#heldToken
    if (lease !== this.#heldToken.unexpired(now) || (isInDoubt && !named))
      return this.#state === 'closed' ? undefined : UNINFORMATIVE
    const grounds = this.#evidence.weigh(refusal, now.monotonic)
    const callable = this.#state === 'ready' || this.#state === 'authenticating'
    const grounded = grounds.open !== undefined
    const verdict = judgeInvalidation({ named, again, grounded, proven: this.#evidence.isProven, callable })
    if (verdict === 'keep') return isInDoubt ? UNINFORMATIVE : undefined
    if (verdict === 'drop') this.#heldToken.drop()
    else this.#heldToken.doubt()
    // else a call is under way or due that no 401 caused
    return this.#state === 'ready' ? this.#raise(grounds, now) : UNINFORMATIVE
  }

  /** Whether the session logs in with this key. */
  uses(key: Credentials): boolean {
    return this.#renewal.uses(key)
  }

  /** The token and the secret key that it has now. */
  get secrets(): Secret[] {
    const token = this.#heldToken.unexpired(instantOf(this.#clock))?.token
    return [token, this.#renewal.secretKey].filter(secret => secret !== undefined)
  }

  /** Stops the timers and calls, and refuses whoever waits. */
  close(): void {
    if (this.#state === 'closed') return
    this.#heldToken.drop()
    this.#wakeTimer.clear()
    this.#move('closed', 'no longer needed')
    const reason = closed()
    this.#closing.abort(reason)
    this.#waiters.reject(reason)
  }

  status(): SessionStatus {
    const { generation } = this.#heldToken
    const secondsLeft = Math.floor(this.#heldToken.millisecondsLeft(instantOf(this.#clock)) / 1000)
    return { state: this.#state, generation, secondsLeft, ...this.#history.status() }
  }

  #look(now: Instant): Lease | undefined {
    const lease = this.#heldToken.live(now)
    if (!lease && (this.#state === 'ready' || (this.#state === 'backing-off' && this.#wakeTimer.remaining(now) <= 0)))
      void this.#renew(now)
    return lease
  }

  /** Has a call made because of a 401, at once or when one may be made without grounds. */
  #raise(grounds: Grounds, now: Instant): Retry {
    const due = grounds.open ? now.monotonic : this.#evidence.earliest(grounds, now.monotonic)
    const retry = this.#evidence.raise(grounds, due)
    const wait = due - now.monotonic
    if (wait <= 0) void this.#renew(now)
    else this.#postpone(wait, now)
    return retry
  }

  #postpone(wait: number, now: Instant): void {
    const reason = 'the upstream refused one token after another'
    this.#history.failed(reason, now)
    this.#wakeTimer.set(wait, now)
    this.#move('postponed', reason)
  }

  async #renew(asked: Instant): Promise<void> {
    this.#wakeTimer.clear()
    const token = this.#heldToken.unexpired(asked)
    this.#move('called', token ? 'extending the session' : 'logging in')
    const outcome = await this.#renewal.obtain(token, () => this.#heldToken.refuse()).catch(asFailure)
    if (this.#state === 'closed') return
    const now = instantOf(this.#clock)
    if (outcome instanceof AuthFailure) this.#fail(outcome, now)
    else this.#accept(outcome, asked, now)
  }

  #accept(issued: IssuedToken, asked: Instant, now: Instant): void {
    const lease = this.#heldToken.replace(issued, this.#options.api, asked)
    if (this.#heldToken.live(now) === undefined) {
      // the machine slept during the call, or it took longer than the token lives
      this.#fail(new AuthFailure('transient', 'the token had expired by the time it arrived'), now)
      return
    }
    this.#attempt = 0
    this.#isHopeless = false
    this.#history.refreshed(now)
    this.#wakeTimer.set(extensionDelay(issued.lifetime, this.#random()), now)
    this.#move('issued', `live for ${Math.round(issued.lifetime / 1000)} s`)
    this.#waiters.resolve(lease)
  }

  #fail(failure: AuthFailure, now: Instant): void {
    this.#heldToken.trust()
    this.#history.failed(failure.message, now)
    this.#isHopeless = failure.lasting
    const rejected = failure.nature === 'rejected'
    const delay = retryDelay(failure, rejected ? 0 : this.#attempt++, this.#random)
    this.#wakeTimer.set(delay, now)
    const lease = this.#heldToken.live(now)
    if (rejected) this.#move('refused', failure.message)
    else this.#move('failed', failure.message, { attempt: this.#attempt, delay, isServing: lease !== undefined })
    if (lease) this.#waiters.resolve(lease)
    else if (rejected) this.#waiters.reject(this.#history.rejection())
    else if (failure.lasting) this.#waiters.reject(this.#unavailable(now))
  }

  readonly #unavailable = (now: Instant) => this.#history.unavailable(this.#wakeTimer.remaining(now))

  #due(): void {
    const now = instantOf(this.#clock)
    const unused = now.monotonic - this.#lastUse
    if (this.#state === 'ready' && unused >= this.#options.settings().idleAfter) this.#rest(unused)
    else void this.#renew(now)
  }

  #rest(unused: number): void {
    this.#heldToken.drop()
    this.#wakeTimer.clear()
    this.#move('rested', `no request for ${Math.round(unused / 1000)} s`)
  }

  #move(event: SessionEvent, reason: string, following?: NextCall): void {
    const from = this.#state
    this.#state = next(from, event)
    this.#options.events?.changed?.(from, this.#state, reason, following)
  }
}
