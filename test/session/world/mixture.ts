import type { IssuedToken } from '../../../src/auth/auth-api.ts'
import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import { Secret } from '../../../src/kernel/secret.ts'
import type { Retry, Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'
import { Session } from '../../../src/session/session.ts'
import { Sessions } from '../../../src/session/sessions.ts'
import { Random } from '../../support/random.ts'
import { keyOf, tenantOf, tenantsOf } from '../sessions-rig.ts'
import { type Answer, forward } from './forward.ts'
import { HOUR, MINUTE, SECOND, WorldTime } from './time.ts'

const TENANT = 'a'
const LIFETIME = 10 * MINUTE

/** Which operations clients request, and what happens meanwhile. */
export interface MixtureOptions {
  readonly seed: number
  readonly permitted: readonly string[]
  /** Always answered 401. */
  readonly denied: readonly string[]
  /** Answered 401 half of the time, like `GET /alert/{id}` with some ids of another tenant. */
  readonly mixed: readonly string[]
  /** The longest pause of a client between two requests, in milliseconds. */
  readonly pause: number
  /** The mean and the shortest time between revocations, in milliseconds. */
  readonly revocations: readonly [mean: number, least: number]
  /** The mean time between changes of the key, in milliseconds. */
  readonly rotations: number
  /** The fraction of revocations after which a 401 names the token. */
  readonly named: number
  readonly length: number
}

/** What happened in a world. */
export interface Mixture {
  readonly requests: number
  /** How often the client of a permitted operation got a 401. */
  readonly spoilt: number
  readonly revoked: number
  readonly rotated: number
  /** How often a 401 caused a call while the token was invalid (justified), and while it was valid. */
  readonly justifiedChecks: number
  readonly unjustifiedChecks: number
  /** The broken promises. */
  readonly broken: readonly string[]
}

/** Clients, some without permission, while tokens are extended and revoked and access keys rotate. */
class World {
  readonly #options: MixtureOptions
  readonly #random: Random
  readonly #time: WorldTime
  readonly #sessions: Sessions
  readonly #issuedAt = new Map<string, number>()
  readonly #known = new Set<string>()
  readonly #found = { requests: 0, spoilt: 0, revoked: 0, rotated: 0, justifiedChecks: 0, unjustifiedChecks: 0 }
  readonly #broken: string[] = []
  #revocation = { at: Number.NEGATIVE_INFINITY, named: false }
  #underWay = 0
  #key = 0

  constructor(options: MixtureOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#time = new WorldTime(this.#random.fork())
    this.#sessions = new Sessions({
      tenants: this.#tenants,
      clock: this.#time,
      create: ({ api, credentials }, rest) => {
        const auth = {
          login: () => this.#call(undefined),
          extend: (token: Secret) => this.#call(token),
        }
        const settings = () => ({ waitTimeout: 15 * SECOND, idleAfter: 24 * HOUR })
        const random = () => this.#random.next()
        return new Session({ auth, api, credentials, clock: this.#time, settings, random, ...rest })
      },
      events: { changed() {}, called() {}, keyUsed() {}, rotated() {}, rotationFailed() {}, keyUnreadable() {} },
    })
  }

  async live(): Promise<Mixture> {
    const { permitted, denied, mixed, length, revocations, rotations } = this.#options
    for (const operation of [...permitted, ...denied, ...mixed]) void this.#keepAsking(operation)
    this.#again(revocations, () => this.#revoke())
    this.#again([rotations, SECOND], () => this.#rotate())
    await this.#time.run(() => this.#time.elapsed >= length || this.#broken.length > 0)
    this.#sessions.close()
    return { ...this.#found, broken: this.#broken }
  }

  get #tenants() {
    const key = keyOf(`key ${this.#key}`)
    return tenantsOf(tenantOf(TENANT, { kind: 'file', read: async () => key }))
  }

  /** Repeats `happen` at random times, with a mean and a shortest interval. */
  #again([mean, least]: readonly [number, number], happen: () => void): void {
    if (mean === Number.POSITIVE_INFINITY) return
    this.#time.at(this.#time.elapsed + least + this.#random.between(0, 2 * (mean - least)), () => {
      happen()
      this.#again([mean, least], happen)
    })
  }

  #revoke(): void {
    this.#found.revoked++
    this.#revocation = { at: this.#time.elapsed, named: this.#random.chance(this.#options.named) }
  }

  #rotate(): void {
    this.#found.rotated++
    this.#key++
    void this.#sessions.reload(this.#tenants)
  }

  async #keepAsking(operation: string): Promise<void> {
    for (;;) {
      await this.#ask(operation)
      await this.#pass(this.#random.spread(1, this.#options.pause))
    }
  }

  async #ask(operation: string): Promise<void> {
    const { permitted, mixed } = this.#options
    const isForbidden = !permitted.includes(operation) && !(mixed.includes(operation) && this.#random.chance(0.5))
    const status = await forward({
      operation,
      acquire: () => this.#acquire(),
      send: lease => this.#send(lease, isForbidden),
      invalidate: (lease, refusal) => this.#invalidate(lease, refusal),
    })
    this.#found.requests++
    if (status === 200) this.#known.add(operation)
    // before its first success an operation may be a forbidden one
    if (status === 401 && permitted.includes(operation) && this.#known.has(operation)) this.#found.spoilt++
  }

  async #acquire(): Promise<Lease | 'refused'> {
    try {
      return this.#sessions.use(TENANT) ?? (await this.#sessions.acquire(TENANT))
    } catch (error) {
      this.#broken.push(`nobody is refused a session: ${error}`)
      return 'refused'
    }
  }

  async #send(lease: Lease, isForbidden: boolean): Promise<Answer> {
    await this.#pass(this.#random.spread(1, 100))
    const isDead = this.#isDead(lease.token)
    await this.#pass(this.#random.spread(1, 100))
    if (isDead) return { status: 401, named: this.#revocation.named }
    return { status: isForbidden ? 401 : 200, named: false }
  }

  #invalidate(lease: Lease, refusal: Unauthorized): Retry | undefined {
    const isCurrent = this.#sessions.use(TENANT) === lease
    const retry = this.#sessions.invalidate(TENANT, lease, refusal)
    const isCheck = isCurrent && this.#sessions.use(TENANT) === undefined && this.#underWay === 0
    if (retry && this.#sessions.use(TENANT) === lease) this.#broken.push('a token in doubt is withheld')
    if (retry && isCheck) this.#found[this.#isDead(lease.token) ? 'justifiedChecks' : 'unjustifiedChecks']++
    return retry
  }

  async #call(token: Secret | undefined): Promise<IssuedToken> {
    if (++this.#underWay > 1) this.#broken.push('one auth call at a time')
    await this.#pass(this.#random.spread(5, SECOND))
    const isRefused = token !== undefined && this.#isDead(token)
    const issued = new Secret(`token ${this.#issuedAt.size}`)
    this.#issuedAt.set(issued.reveal(), this.#time.elapsed)
    await this.#pass(this.#random.spread(5, SECOND))
    this.#underWay--
    if (isRefused) throw new AuthFailure('refused', 'the token is dead')
    return { token: issued, lifetime: LIFETIME }
  }

  #isDead(token: Secret): boolean {
    const issuedAt = Number(this.#issuedAt.get(token.reveal()))
    if (this.#time.elapsed >= issuedAt + LIFETIME) this.#broken.push('an expired token is never sent')
    return issuedAt <= this.#revocation.at
  }

  #pass(ms: number): Promise<void> {
    return new Promise(resolve => this.#time.after(ms, resolve))
  }
}

/** Runs such a world until it ends or a promise is broken. */
export function mix(options: MixtureOptions): Promise<Mixture> {
  return new World(options).live()
}
