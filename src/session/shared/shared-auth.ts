import { issuedToken } from '../../auth/auth-api.ts'
import { asFailure } from '../../auth/auth-failure.ts'
import type { Credentials } from '../../config/config.ts'
import { elapsed, instantOf, later } from '../../kernel/instant.ts'
import type { ObtainedToken } from '../held-token.ts'
import { retryDelay, usableLife } from '../schedule.ts'
import type { Claim } from './claim.ts'
import { failureOf, type OpenedOutcome, outcomeOf } from './outcome.ts'
import { SharedRecord, type SharedRecordOptions, type StoredOutcome, TURN } from './record.ts'

/** How long to wait for the outcome of another member's call before looking again, in milliseconds: news may be lost. */
const LOOK = 500

/** How long to wait before a store that is down is asked again, in milliseconds. */
const AGAIN = 50

/** Makes what shares the auth calls of an access key, for a session that closes when `signal` aborts. */
export type MakeSharedAuth = (key: Credentials, outdated: () => void, signal: AbortSignal) => SharedAuth

type News = Extract<Claim, { kind: 'news' }>

/** What {@link SharedAuth} needs. */
export interface SharedAuthOptions extends SharedRecordOptions {
  /** Returns a number in [0, 1) for jitter. */
  readonly random: () => number
  /** Called when the store has a newer outcome of another member, unless one is being obtained already. */
  readonly outdated: () => void
  /** Aborts when the session is closed. */
  readonly signal: AbortSignal
}

/**
 * Makes the auth calls of one access key for a whole fleet: one member calls, and all take the outcome, a token or a
 * failure, from the store. While the store is down, each member calls for itself.
 */
export class SharedAuth {
  readonly #options: SharedAuthOptions
  readonly #record: SharedRecord
  /** Ends listening to other members. */
  readonly #deafen: () => void
  #failures = 0
  /** The number of the call, so that what an earlier one left behind ends. */
  #turn = 0
  #isBusy = false
  /** Whether the call that is being made may wait no longer. Set when it begins. */
  #isUrgent!: () => boolean
  /** Functions that end the waits for a change. */
  readonly #waiting = new Set<() => void>()

  constructor(options: SharedAuthOptions) {
    this.#options = options
    this.#record = new SharedRecord(options)
    this.#deafen = this.#record.hear(generation => {
      this.#wake()
      if (!this.#isBusy && generation > this.#record.known) void this.#look()
    })
    options.signal.addEventListener('abort', () => this.close())
  }

  /** Stops listening to other members. */
  close(): void {
    this.#deafen()
    this.#wake()
  }

  /**
   * Resolves with a token newer than the one known so far: that of another member, or of `call`, which is made if no
   * other member makes it. While the store is down, waits for it until `isUrgent`: a store that is slow for a moment
   * costs the fleet no call.
   * @throws {AuthFailure} if the call failed, whichever member made it
   */
  obtain(call: () => Promise<ObtainedToken>, isUrgent: () => boolean): Promise<ObtainedToken> {
    this.#turn++
    this.#isBusy = true
    this.#isUrgent = isUrgent
    const succeeded = (token: ObtainedToken) => {
      this.#failures = 0
      return token
    }
    const failed = (error: unknown) => {
      this.#failures++
      throw error
    }
    return this.#obtain(onlyOnce(call))
      .then(succeeded, failed)
      .finally(() => {
        this.#isBusy = false
      })
  }

  async #obtain(call: () => Promise<ObtainedToken>): Promise<ObtainedToken> {
    const { clock, signal } = this.#options
    for (;;) {
      signal.throwIfAborted()
      const asked = instantOf(clock)
      const claim = await this.#insist(() => this.#record.claim(), this.#isUrgent)
      if (claim?.kind === 'busy') await this.#change(Math.min(claim.wait, LOOK))
      if (!claim || claim.kind === 'call') {
        // without an answer the store may have granted the claim, so the call is settled all the same
        const issued = await this.#call(call, claim?.generation ?? this.#record.known)
        if (issued) return issued
      }
      if (claim?.kind === 'news') {
        this.#record.learn(claim.generation)
        const outcome = this.#read(claim)
        if (outcome?.kind === 'failure') throw failureOf(outcome, claim.left)
        const age = claim.life - claim.left
        if (outcome) return { ...issuedToken(outcome.token), requestedAt: later(asked, -age), age }
        // the next claim leads to a call
      }
    }
  }

  /**
   * Looks whether the store has what another member told of. Without it the session is not outdated: a message alone,
   * which anyone who reaches the store can send, and which may come when the store has failed, must not cost a call.
   */
  async #look(): Promise<void> {
    const claim = await this.#record.look()
    if (!this.#isBusy && claim?.kind === 'news' && this.#read(claim)) this.#options.outdated()
  }

  /** The outcome of another member, unless no member wrote it or it is a token that is about to expire. */
  #read({ sealed, life, left }: News): OpenedOutcome | undefined {
    const outcome = this.#record.open(sealed)
    return outcome?.kind === 'token' && life - left >= usableLife(life) ? undefined : outcome
  }

  /** Makes the call. Resolves with undefined if another member has stored an outcome meanwhile, which counts. */
  #call(call: () => Promise<ObtainedToken>, generation: number): Promise<ObtainedToken | undefined> {
    const { clock, random } = this.#options
    const succeeded = async (issued: ObtainedToken) => {
      const { token, lifetime: life, requestedAt } = issued
      const stored = () => ({
        outcome: { kind: 'token', token } as const,
        life,
        left: life - elapsed(requestedAt, instantOf(clock)),
      })
      return (await this.#settle(generation, stored)) ? issued : undefined
    }
    const failed = async (error: unknown) => {
      const failure = asFailure(error)
      // others may reach what this member cannot
      if (!failure.isAnswer) {
        await this.#settle(generation, () => null)
        throw failure
      }
      const delay = retryDelay(failure, this.#failures, random)
      const [outcome, end] = [outcomeOf(failure), clock.monotonic() + delay]
      await this.#settle(generation, () => ({ outcome, life: delay, left: end - clock.monotonic() }))
      throw failureOf(outcome, delay)
    }
    return call().then(succeeded, failed).finally(this.#record.goOn())
  }

  /**
   * Stores an outcome, or only ends the call if it is null. Whether it counts: none was stored by others. What the store
   * is down for counts for this member, and is stored when it is back, as long as others wait for it.
   */
  async #settle(generation: number, outcome: () => StoredOutcome | null): Promise<boolean> {
    const { clock } = this.#options
    const [turn, end] = [this.#turn, clock.monotonic() + TURN]
    const settle = () => this.#record.settle(generation, outcome())
    const counts = await this.#insist(settle, this.#isUrgent)
    if (counts === undefined) void this.#insist(settle, () => this.#turn !== turn || clock.monotonic() >= end)
    return counts ?? true
  }

  /** Asks the store, again and again while it is down and it is not enough. Resolves with undefined if it stays down. */
  async #insist<T>(ask: () => Promise<T | undefined>, isEnough: () => boolean): Promise<T | undefined> {
    for (;;) {
      const answer = await ask()
      if (answer !== undefined || isEnough() || this.#options.signal.aborted) return answer
      await this.#change(AGAIN)
    }
  }

  /** Waits until another member tells that something changed, for `ms` milliseconds at most. */
  #change(ms: number): Promise<void> {
    const { clock } = this.#options
    return new Promise(resolve => {
      const wake = () => {
        clock.clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = clock.setTimeout(wake, Math.max(1, ms))
      this.#waiting.add(wake)
    })
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** Makes a call that is made once, however often it is asked for: what another outcome replaced may be needed yet. */
function onlyOnce<T>(call: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= call()
    return result
  }
}
