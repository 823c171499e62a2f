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

/** What one may ask for, who asks for what, and what goes on. */
export interface MixtureOptions {
  readonly seed: number
  readonly permitted: readonly string[]
  /** Answered 401, always. */
  readonly denied: readonly string[]
  /** Of these one in two is: `GET /alert/{id}`, some of which are another's. */
  readonly mixed: readonly string[]
  /** The longest pause of a client between two requests, in milliseconds. */
  readonly pause: number
  /** How far apart revocations are on average, in milliseconds, and at the least. */
  readonly revocations: readonly [mean: number, least: number]
  /** How far apart changes of the key are on average. */
  readonly rotations: number
  /** The part of the revocations after which a 401 names the token. */
  readonly named: number
  readonly length: number
}

/** What came of it. */
export interface Mixture {
  readonly requests: number
  /** How often a permitted operation was answered 401, for its client to see. */
  readonly spoilt: number
  readonly revoked: number
  readonly rotated: number
  /** How often 401s caused a call while the token was dead, and while it was not. */
  readonly cures: number
  readonly falseAlarms: number
  /** What was broken of what must never be. */
  readonly broken: readonly string[]
}

/** Clients, some of which ask for what is not theirs, while tokens are extended, revoked and followed by another key's. */
class World {
  readonly #options: MixtureOptions
  readonly #random: Random
  readonly #time: WorldTime
  readonly #sessions: Sessions
  readonly #issuedAt = new Map<string, number>()
  readonly #known = new Set<string>()
  readonly #found = { requests: 0, spoilt: 0, revoked: 0, rotated: 0, cures: 0, falseAlarms: 0 }
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
      events: { changed() {}, called() {}, rotated() {}, rotationFailed() {}, keyUnreadable() {} },
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

  /** Has something happen at random, so far apart on average and at least. */
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
    // of the very first request nothing is known
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
    const isAlarm = isCurrent && this.#sessions.use(TENANT) === undefined && this.#underWay === 0
    if (retry && this.#sessions.use(TENANT) === lease) this.#broken.push('a token that is doubted is kept back')
    if (retry && isAlarm) this.#found[this.#isDead(lease.token) ? 'cures' : 'falseAlarms']++
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
    if (this.#time.elapsed >= issuedAt + LIFETIME) this.#broken.push('a token that died of age is never sent')
    return issuedAt <= this.#revocation.at
  }

  #pass(ms: number): Promise<void> {
    return new Promise(resolve => this.#time.after(ms, resolve))
  }
}

/** Lets such a world go on for its time, or until something is broken. */
export function mix(options: MixtureOptions): Promise<Mixture> {
  return new World(options).live()
}
