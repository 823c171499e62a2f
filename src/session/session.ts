import { AuthFailure, asFailure } from '../auth/auth-failure.ts'
import type { Credentials } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { type Instant, instantOf } from '../kernel/instant.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Problem } from '../problem/problem.ts'
import { Evidence, type Grounds, type Retry, UNINFORMATIVE, type Unauthorized } from './evidence.ts'
import { HeldToken, type ObtainedToken } from './held-token.ts'
import { History, sessionClosed } from './history.ts'
import { judgeInvalidation } from './invalidation.ts'
import type { Lease } from './lease.ts'
import { Renewal } from './renewal.ts'
import type { NextCall, SessionStatus } from './report.ts'
import { extensionDelay, retryDelay } from './schedule.ts'
import type { SessionOptions } from './session-options.ts'
import { next, type SessionEvent, type SessionState } from './states.ts'
import { Waiters } from './waiters.ts'
import { WakeTimer } from './wake-timer.ts'

/**
 * The session of one access key: logs in, extends the token before it expires, and hands out leases of it. At most one
 * auth call is in progress; a failed call never replaces a live token; an expired token is never handed out.
 */
export class Session {
  // fields that every request reads come first: with 1,000 tenants, a request costs 4 % more than with one, not 12 %
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
  /** Whether the last call failed in a way that the next one will fail, too. */
  #isLasting = false

  constructor(options: SessionOptions) {
    const { clock, random = Math.random, evidence = new Evidence() } = options
    this.#clock = clock
    this.#evidence = evidence
    this.#heldToken = new HeldToken(evidence)
    this.#lastUse = clock.monotonic()
    this.#options = options
    this.#random = random
    this.#waiters = new Waiters(clock)
    this.#renewal = new Renewal(options, () => this.#onOutdated(), this.#closing.signal)
    this.#wakeTimer = new WakeTimer(clock, () => this.#onWake())
  }

  get state(): SessionState {
    return this.#state
  }

  /**
   * Returns a lease of the live token, if there is one, without waiting and without counting as use. Starts what was
   * delayed because the machine slept: the renewal of a token that expired meanwhile, or a call that was due.
   */
  peek(): Lease | undefined {
    return this.#liveLease(instantOf(this.#clock))
  }

  /** Returns a lease like {@link Session.peek}, but counts as use, so that the session does not become idle. */
  use(): Lease | undefined {
    const now = instantOf(this.#clock)
    this.#lastUse = now.monotonic
    return this.#liveLease(now)
  }

  /**
   * Resolves with a lease of a live token, waiting up to `waitTimeout` for one. If it is for no request, it may also wait
   * for the store of a fleet.
   * @throws {Problem} `credentials-rejected` at once if the access key was rejected; `session-unavailable` after the
   *   wait, or at once if the last call failed in a way that the next one will, too; `draining` if the session is
   *   closed
   */
  async acquire(signal?: EndSignal, isForRequest = true): Promise<Lease> {
    const live = this.use()
    if (live) return live
    if (this.#state === 'closed') throw sessionClosed()
    if (this.#state === 'rejected') throw this.#history.rejection()
    if (this.#state === 'backing-off' && this.#isLasting) throw this.#unavailable()
    if (this.#state === 'idle') this.renew()
    const lease = this.#waiters.wait(this.#options.settings().waitTimeout, () => this.#unavailable(), signal)
    return isForRequest ? this.#renewal.hurried(lease) : lease
  }

  /** Makes the next auth call now, whatever it was waiting for. Without effect while one is in progress. */
  renew(): void {
    if (this.#state !== 'authenticating' && this.#state !== 'closed') void this.#renew(instantOf(this.#clock))
  }

  /**
   * Notes that the API answered 401 to a request with this lease. Returns a {@link Retry} if the request is worth
   * retrying with a newer token, and `undefined` if the client should get the 401. A lease other than the current one
   * causes no call, so a burst of 401s costs one.
   */
  invalidate(lease: Lease, response: Unauthorized): Retry | undefined {
    const now = instantOf(this.#clock)
    const { isInDoubt } = this.#heldToken
    const isCurrent = lease === this.#heldToken.unexpired(now)
    if (!isCurrent || (isInDoubt && !response.named)) return this.#state === 'closed' ? undefined : UNINFORMATIVE
    const grounds = this.#evidence.weigh(response, now.monotonic)
    const verdict = this.#judge(grounds)
    if (verdict === 'keep') return isInDoubt ? UNINFORMATIVE : undefined
    this.#heldToken[verdict]()
    // in other states a call is already in progress or scheduled, but not because of this 401
    return this.#state === 'ready' ? this.#checkToken(grounds, now) : UNINFORMATIVE
  }

  /** Whether the session logs in with this access key. True while it has not read any. */
  uses(key: Credentials): boolean {
    return this.#renewal.uses(key)
  }

  /** The current token and secret key, if there are any. */
  get secrets(): Secret[] {
    const token = this.#heldToken.unexpired(instantOf(this.#clock))?.token
    return [token, this.#renewal.secretKey].filter(secret => secret !== undefined)
  }

  /** Stops timers and calls, and rejects every waiting request. */
  close(): void {
    if (this.#state === 'closed') return
    this.#heldToken.drop()
    this.#wakeTimer.clear()
    this.#move('closed', 'no longer needed')
    const reason = sessionClosed()
    this.#closing.abort(reason)
    this.#waiters.reject(reason)
  }

  status(): SessionStatus {
    const secondsLeft = Math.floor(this.#heldToken.millisecondsLeft(instantOf(this.#clock)) / 1000)
    return { state: this.#state, generation: this.#heldToken.generation, secondsLeft, ...this.#history.status() }
  }

  #liveLease(now: Instant): Lease | undefined {
    const lease = this.#heldToken.live(now)
    if (!lease && this.#isOverdue(now)) void this.#renew(now)
    return lease
  }

  /**
   * Whether there is no live token although a call should already have been made: the timer stopped while the machine
   * slept.
   */
  #isOverdue(now: Instant): boolean {
    return this.#state === 'ready' || (this.#state === 'backing-off' && this.#wakeTimer.remaining(now) <= 0)
  }

  #judge({ response: { named, again }, open }: Grounds): ReturnType<typeof judgeInvalidation> {
    const callable = this.#state === 'ready' || this.#state === 'authenticating'
    return judgeInvalidation({ named, again, grounded: open !== undefined, proven: this.#evidence.isProven, callable })
  }

  /** Makes an auth call because of a 401: at once if there are grounds, otherwise when the first cooldown ends. */
  #checkToken(grounds: Grounds, now: Instant): Retry {
    const due = grounds.open ? now.monotonic : this.#evidence.earliest(grounds, now.monotonic)
    const retry = this.#evidence.check(grounds, due)
    const wait = due - now.monotonic
    if (wait <= 0) {
      void this.#renew(now)
      return retry
    }
    const reason = 'the API rejected several tokens in a row'
    this.#history.failed(reason, now)
    this.#wakeTimer.set(wait, now)
    this.#move('postponed', reason)
    return retry
  }

  async #renew(requestedAt: Instant): Promise<void> {
    this.#wakeTimer.clear()
    const token = this.#heldToken.unexpired(requestedAt)
    this.#move('called', token ? 'extending the session' : 'logging in')
    const outcome = await this.#renewal.obtain(token, () => this.#heldToken.refuse()).catch(asFailure)
    if (this.#state === 'closed') return
    const now = instantOf(this.#clock)
    if (outcome instanceof AuthFailure) this.#fail(outcome, now)
    else this.#accept(outcome, now)
    const { accessKeyId } = this.#renewal
    if (accessKeyId) this.#options.events?.keyUsed?.(accessKeyId, this.#heldToken.live(now))
  }

  #accept(issued: ObtainedToken, now: Instant): void {
    const { lifetime, age = 0 } = issued
    const lease = this.#heldToken.replace(issued, this.#options.api)
    if (this.#heldToken.live(now) === undefined) {
      // the machine slept during the call, or the call took longer than the token lives
      this.#fail(new AuthFailure('transient', 'the token expired before it arrived'), now)
      return
    }
    this.#attempt = 0
    this.#isLasting = false
    this.#history.refreshed(now)
    this.#wakeTimer.set(Math.max(0, extensionDelay(lifetime, this.#random()) - age), now)
    this.#move('issued', `expires in ${Math.round((lifetime - age) / 1000)} s`)
    this.#waiters.resolve(lease)
  }

  #fail(failure: AuthFailure, now: Instant): void {
    this.#heldToken.trust()
    this.#history.failed(failure.message, now)
    this.#isLasting = failure.lasting
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

  #unavailable(now = instantOf(this.#clock)): Problem {
    return this.#history.unavailable(this.#wakeTimer.remaining(now))
  }

  #onWake(): void {
    const now = instantOf(this.#clock)
    const unused = now.monotonic - this.#lastUse
    if (this.#state === 'ready' && unused >= this.#options.settings().idleAfter) this.#rest(unused)
    else void this.#renew(now)
  }

  /** Takes the newer token of another member. A session that is idle, or renews itself, finds it by itself. */
  #onOutdated(): void {
    if (!['idle', 'authenticating', 'closed'].includes(this.#state)) void this.#renew(instantOf(this.#clock))
  }

  #rest(unused: number): void {
    this.#heldToken.drop()
    this.#wakeTimer.clear()
    this.#move('rested', `no request for ${Math.round(unused / 1000)} s`)
  }

  #move(event: SessionEvent, reason: string, nextCall?: NextCall): void {
    const from = this.#state
    this.#state = next(from, event)
    this.#options.events?.changed?.(from, this.#state, reason, nextCall)
  }
}
