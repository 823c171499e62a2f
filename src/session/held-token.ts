import { randomUUID } from 'node:crypto'
import type { IssuedToken } from '../auth/auth-api.ts'
import type { Instant } from '../kernel/instant.ts'
import type { Api } from '../stacks/resolve.ts'
import type { Evidence } from './evidence.ts'
import type { Lease } from './lease.ts'
import { endOf, timeLeft } from './schedule.ts'

/** The token that a session has, and whether it may be sent. */
export class HeldToken {
  readonly #evidence: Evidence
  readonly #session = randomUUID()
  #lease: Lease | undefined
  #inDoubt = false
  #refused = false
  #generation = 0

  /** `evidence` is told of each token, and of what it has served. */
  constructor(evidence: Evidence) {
    this.#evidence = evidence
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
  live(now: Instant): Lease | undefined {
    return this.#inDoubt ? undefined : this.unexpired(now)
  }

  /** The same, in doubt or not: the auth calls can tell. */
  unexpired(now: Instant): Lease | undefined {
    return this.millisecondsLeft(now) > 0 ? this.#lease : undefined
  }

  millisecondsLeft(now: Instant): number {
    return this.#lease ? timeLeft(this.#lease.end, now) : 0
  }

  /** Takes a new token in the place of the one before. */
  replace({ token, lifetime }: IssuedToken, api: Api, asked: Instant): Lease {
    const end = endOf(lifetime, asked)
    const evidence = this.#evidence
    const number = evidence.replaceToken()
    const served = (operation: string) => evidence.served(operation, number)
    this.#generation++
    const lease = { token, api, end, session: this.#session, generation: this.#generation, served }
    this.#lease = lease
    this.#inDoubt = false
    this.#refused = false
    return lease
  }

  /**
   * Notes that the upstream refused the token, which is kept back until {@link HeldToken.trust}, {@link HeldToken.replace} or
   * {@link HeldToken.drop}.
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
