import { randomUUID } from 'node:crypto'
import type { IssuedToken } from '../auth/auth-api.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Api } from '../stacks/resolve.ts'
import type { Evidence } from './evidence.ts'
import type { Lease } from './lease.ts'
import { endOf, timeLeft } from './schedule.ts'

/** A token for a session, from an auth call of this process or of another member of the fleet. */
export interface ObtainedToken extends IssuedToken {
  /** A time before which the token was not issued, from which its lifetime counts. */
  readonly requestedAt: Instant
  /** For how long another member has had the token, in milliseconds. Without it, the token is new. */
  readonly age?: number
}

/** The token of a session, and whether it may be sent. */
export class HeldToken {
  readonly #evidence: Evidence
  readonly #session = randomUUID()
  #lease: Lease | undefined
  #inDoubt = false
  /** Whether the auth service refused to extend the token. */
  #refused = false
  #generation = 0

  /** `evidence` learns of each new token and of the operations that the API serves with it. */
  constructor(evidence: Evidence) {
    this.#evidence = evidence
  }

  /** The number of tokens so far. */
  get generation(): number {
    return this.#generation
  }

  /** Whether the token is withheld until an auth call shows whether it is valid. */
  get isInDoubt(): boolean {
    return this.#inDoubt
  }

  /** The lease, unless it has expired or is in doubt. */
  live(now: Instant): Lease | undefined {
    return this.#inDoubt ? undefined : this.unexpired(now)
  }

  /** The lease until it expires, even while in doubt: for the auth call that checks it. */
  unexpired(now: Instant): Lease | undefined {
    return this.millisecondsLeft(now) > 0 ? this.#lease : undefined
  }

  millisecondsLeft(now: Instant): number {
    return this.#lease ? timeLeft(this.#lease.end, now) : 0
  }

  /** Replaces the token, and returns the lease of the new one. */
  replace({ token, user, lifetime, requestedAt }: ObtainedToken, api: Api): Lease {
    const end = endOf(lifetime, requestedAt)
    const evidence = this.#evidence
    const number = evidence.replaceToken()
    const served = (operation: string) => evidence.served(operation, number)
    this.#generation++
    const lease = { token, user, api, end, session: this.#session, generation: this.#generation, served }
    this.#lease = lease
    this.#inDoubt = false
    this.#refused = false
    return lease
  }

  /**
   * Notes that the API rejected the token. It is withheld until {@link HeldToken.trust}, {@link HeldToken.replace} or
   * {@link HeldToken.drop}.
   */
  doubt(): void {
    this.#inDoubt = true
    this.#dropIfDead()
  }

  /** Notes that the auth service refused to extend the token. It may be sent until it expires, unless in doubt. */
  refuse(): void {
    this.#refused = true
    this.#dropIfDead()
  }

  trust(): void {
    this.#inDoubt = false
  }

  drop(): void {
    this.#lease = undefined
    this.#inDoubt = false
  }

  /** A token that both the API and the auth service reject is dead, however young. */
  #dropIfDead(): void {
    if (this.#inDoubt && this.#refused) this.drop()
  }
}
