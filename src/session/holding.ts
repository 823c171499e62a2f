import type { Clock } from '../kernel/clock.ts'
import type { Target } from '../stacks/resolve.ts'
import type { IssuedToken } from './auth.ts'
import type { HeldToken, Lease } from './lease.ts'
import { type Moment, momentOf, timeLeft } from './schedule.ts'

/** The token that a session has, and whether it may be sent. */
export class Holding {
  readonly #clock: Clock
  #held: HeldToken | undefined
  #inDoubt = false
  #accepted = false
  #generation = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts the tokens so far. */
  get generation(): number {
    return this.#generation
  }

  /** Whether the upstream has served a request with this token. */
  get isAccepted(): boolean {
    return this.#accepted
  }

  /** Whether the token is kept back until a call shows what it is worth. */
  get isInDoubt(): boolean {
    return this.#inDoubt
  }

  /** The lease that may be sent. */
  get live(): Lease | undefined {
    return this.#inDoubt ? undefined : this.unexpired
  }

  /** The same, in doubt or not: the auth calls can tell. */
  get unexpired(): Lease | undefined {
    return this.millisecondsLeft > 0 ? this.#held?.lease : undefined
  }

  get millisecondsLeft(): number {
    return this.#held ? timeLeft(this.#held, momentOf(this.#clock)) : 0
  }

  /** Takes a new token in the place of the one before. */
  replace({ token, lifetime }: IssuedToken, target: Target, asked: Moment): Lease {
    const lease = { token, target, generation: ++this.#generation }
    this.#held = { lease, lifetime, asked }
    this.#accepted = false
    this.#inDoubt = false
    return lease
  }

  /** Notes that the upstream has served a request with a lease. */
  accept(lease: Lease): void {
    if (lease === this.#held?.lease) this.#accepted = true
  }

  /** Keeps the token back until {@link Holding.trust}, {@link Holding.replace} or {@link Holding.drop}. */
  doubt(): void {
    this.#inDoubt = true
  }

  trust(): void {
    this.#inDoubt = false
  }

  drop(): void {
    this.#held = undefined
    this.#inDoubt = false
  }
}
