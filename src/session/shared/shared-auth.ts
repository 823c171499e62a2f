import { randomUUID } from 'node:crypto'
import { issuedToken } from '../../auth/auth-api.ts'
import { asFailure } from '../../auth/auth-failure.ts'
import type { Credentials } from '../../config/config.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { Script } from '../../fleet/script.ts'
import type { Seal } from '../../fleet/seal.ts'
import type { Clock } from '../../kernel/clock.ts'
import { elapsed, instantOf, later } from '../../kernel/instant.ts'
import type { ObtainedToken } from '../held-token.ts'
import { retryDelay, usableLife } from '../schedule.ts'
import { type Claim, readClaim } from './claim.ts'
import { failureOf, type OpenedOutcome, type Outcome, outcomeOf, readOutcome } from './outcome.ts'
import { CLAIM, GO_ON, SETTLE } from './scripts.ts'

/**
 * How long a member may make a call without saying that it goes on, in milliseconds. Then it counts as dead, and another
 * makes the call.
 */
const TURN = 5_000

/** How often a member says that its call goes on, in milliseconds. */
const PULSE = 1_000

/** How long to wait for the outcome of another member's call before looking again, in milliseconds: news may be lost. */
const LOOK = 500

/** How long to wait before the store is asked again, in milliseconds, as long as nobody needs what it is asked for. */
const AGAIN = 50

/** Makes what shares the auth calls of an access key, for a session that closes when `signal` aborts. */
export type MakeSharedAuth = (key: Credentials, outdated: () => void, signal: AbortSignal) => SharedAuth

type News = Extract<Claim, { kind: 'news' }>

/** An outcome with the milliseconds that it was valid when it was new, and those that are left of them. */
interface Stored {
  readonly outcome: Outcome
  readonly life: number
  readonly left: number
}

/** The latest outcomes that the sessions of a tenant know, by the name of the record: the generation, and since when. */
export type KnownOutcomes = Map<string, { readonly generation: number; readonly since: number }>

/** What {@link SharedAuth} needs. */
export interface SharedAuthOptions {
  readonly fleet: Fleet
  readonly seal: Seal
  readonly clock: Clock
  readonly known: KnownOutcomes
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
  /** Identifies this session among those of the fleet: of one process, several may have the same access key. */
  readonly #caller = randomUUID()
  /** Ends listening to other members. */
  readonly #deafen: () => void
  #failures = 0
  #isBusy = false
  /** Whether the call that is being made may wait no longer. Set when it begins. */
  #isUrgent!: () => boolean
  #wake = () => {}

  constructor(options: SharedAuthOptions) {
    const { fleet, seal, signal } = options
    this.#options = options
    this.#deafen = fleet.hear(seal.name, generation => {
      this.#wake()
      if (!this.#isBusy && generation > this.#known) void this.#look()
    })
    signal.addEventListener('abort', () => this.close())
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
      const claim = readClaim(await this.#insist(CLAIM, this.#claiming(TURN)))
      if (claim.kind === 'down') return call()
      if (claim.kind === 'busy') await this.#change(Math.min(claim.wait, LOOK))
      if (claim.kind === 'call') {
        const issued = await this.#call(call, claim.generation)
        if (issued) return issued
      }
      if (claim.kind === 'news') {
        this.#learn(claim.generation)
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
    const claim = readClaim(await this.#run(CLAIM, this.#claiming(0)))
    if (!this.#isBusy && claim.kind === 'news' && this.#read(claim)) this.#options.outdated()
  }

  /** The outcome of another member, unless no member wrote it or it is a token that is about to expire. */
  #read({ sealed, life, left }: News): OpenedOutcome | undefined {
    const outcome = readOutcome(this.#options.seal.open(sealed))
    return outcome?.kind === 'token' && life - left >= usableLife(life) ? undefined : outcome
  }

  /** Makes the call. Resolves with undefined if another member has stored an outcome meanwhile, which counts. */
  #call(call: () => Promise<ObtainedToken>, generation: number): Promise<ObtainedToken | undefined> {
    const { clock, random } = this.#options
    const succeeded = async (issued: ObtainedToken) => {
      const left = issued.lifetime - elapsed(issued.requestedAt, instantOf(clock))
      const outcome = { kind: 'token', token: issued.token } as const
      return (await this.#settle(generation, { outcome, life: issued.lifetime, left })) ? issued : undefined
    }
    const failed = async (error: unknown) => {
      const failure = asFailure(error)
      const delay = retryDelay(failure, this.#failures, random)
      // others may reach what this member cannot
      const shared = failure.isAnswer ? { outcome: outcomeOf(failure), life: delay, left: delay } : null
      await this.#settle(generation, shared)
      throw shared ? failureOf(shared.outcome, delay) : failure
    }
    return call().then(succeeded, failed).finally(this.#goOn())
  }

  /** The arguments of the script `CLAIM`. */
  #claiming(turn: number): readonly (string | number)[] {
    const age = this.#options.clock.monotonic() - (this.#options.known.get(this.#record)?.since ?? 0)
    return [this.#caller, this.#known, turn, age]
  }

  /** Stores an outcome, or only ends the call if it is null. Whether it counts: none was stored by others. */
  async #settle(generation: number, stored: Stored | null): Promise<boolean> {
    const { fleet, seal } = this.#options
    const { outcome, life, left } = stored ?? { outcome: null, life: 0, left: 0 }
    const sealed = outcome ? seal.close(outcome) : ''
    const args = [this.#caller, generation, this.#known, sealed, life, left, fleet.channel, `${this.#record} `]
    const answer = await this.#insist(SETTLE, args)
    if (typeof answer === 'string') this.#learn(Number(answer))
    // without the store, it counts for this member
    return answer !== null
  }

  /** Runs a script, again and again while the store is down and the call is not urgent. Resolves as {@link #run} does. */
  async #insist(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    for (;;) {
      const answer = await this.#run(script, args)
      if (answer !== undefined || this.#isUrgent() || this.#options.signal.aborted) return answer
      await this.#change(AGAIN)
    }
  }

  /** Runs a script. Resolves with undefined if the store is down. */
  #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    return this.#options.fleet.run(script, this.#record, args).catch(() => undefined)
  }

  /** Says again and again that the call goes on. Returns a function that ends this. */
  #goOn(): () => void {
    const { clock } = this.#options
    const pulse = () => {
      void this.#run(GO_ON, [this.#caller, TURN])
      timer = clock.setTimeout(pulse, PULSE)
    }
    let timer = clock.setTimeout(pulse, PULSE)
    return () => clock.clearTimeout(timer)
  }

  /** Waits until another member tells that something changed, for `ms` milliseconds at most. */
  #change(ms: number): Promise<void> {
    const { clock } = this.#options
    return new Promise(resolve => {
      const timer = clock.setTimeout(() => this.#wake(), Math.max(1, ms))
      this.#wake = () => {
        clock.clearTimeout(timer)
        resolve()
      }
    })
  }

  get #record(): string {
    return this.#options.seal.name
  }

  get #known(): number {
    return this.#options.known.get(this.#record)?.generation ?? 0
  }

  #learn(generation: number): void {
    this.#options.known.set(this.#record, { generation, since: this.#options.clock.monotonic() })
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
