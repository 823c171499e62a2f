import { randomUUID } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { type Moment, momentOf } from '../kernel/moment.ts'
import type { Target } from '../stacks/resolve.ts'
import type { IssuedToken } from './auth.ts'
import type { Lease } from './lease.ts'
import { endOf, timeLeft } from './schedule.ts'

/** The token that a session has, and whether it may be sent. */
export class Holding {
  readonly #clock: Clock
  readonly #session = randomUUID()
  #lease: Lease | undefined
  #inDoubt = false
  #refused = false
  #generation = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts the tokens so far. */
  get generation(): number {
    return this.#generation
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
    return this.millisecondsLeft > 0 ? this.#lease : undefined
  }

  get millisecondsLeft(): number {
    return this.#lease ? timeLeft(this.#lease.end, momentOf(this.#clock)) : 0
  }

  /** Takes a new token in the place of the one before. */
  replace({ token, lifetime }: IssuedToken, target: Target, asked: Moment): Lease {
    const end = endOf(lifetime, asked)
    this.#generation++
    const lease = { token, target, end, session: this.#session, generation: this.#generation, isAccepted: false }
    this.#lease = lease
    this.#inDoubt = false
    this.#refused = false
    return lease
  }

  /**
   * Notes that the upstream refused the token, which is kept back until {@link Holding.trust}, {@link Holding.replace} or
   * {@link Holding.drop}.
   */
  doubt(): void {
    this.#inDoubt = true
    this.#judge()
  }

  /** Notes that the auth service would not extend the token. It serves until its end all the same, unless in doubt. */
  refuse(): void {
    this.#refused = true
    this.#judge()
  }

  trust(): void {
    this.#inDoubt = false
  }

  drop(): void {
    this.#lease = undefined
    this.#inDoubt = false
  }

  /** A token that neither the API nor the auth service takes is dead, whatever its age. */
  #judge(): void {
    if (this.#inDoubt && this.#refused) this.drop()
  }
}
