import type { IssuedToken } from '../../../src/auth/auth-api.ts'
import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import { tokenLifetime } from '../../../src/auth/jwt.ts'
import type { Credentials } from '../../../src/config/config.ts'
import { Secret } from '../../../src/kernel/secret.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import { SECOND, type TrueTime } from '../../fleet/world/true-time.ts'
import type { Random } from '../../support/random.ts'

/** How long an auth call without an answer takes, in milliseconds. */
const CALL_TIMEOUT = 10 * SECOND

/** The longest that an auth call takes otherwise, in milliseconds. */
export const LATENCY = 2 * SECOND

/** The vendor's record of a token. Times are true times. */
export interface VendorToken {
  readonly secret: Secret
  readonly key: string
  readonly lifetime: number
  readonly issuedAt: number
  readonly diesAt: number
}

/** What happens to auth calls: they are answered, slowly, late or never, with 429, or not at all. */
export type Mood = 'good' | 'slow' | 'throttling' | 'unreachable' | 'hanging'

/** How an auth call ends. */
export type CallOutcome = VendorToken | AuthFailure

/** Callbacks for auth calls. `began` returns what is to be told how the call ends. */
export type Began = (call: AuthCall, key: string) => (outcome: CallOutcome) => void

/** The auth service of the vendor, and its records of tokens. */
export class Vendor {
  readonly #time: TrueTime
  readonly #random: Random
  readonly #lifetime: number
  readonly #tokens = new Map<string, VendorToken>()
  #revoked = { at: Number.NEGATIVE_INFINITY, named: false }
  /** The secret keys that are rejected. */
  readonly disabled = new Set<string>()
  mood: Mood = 'good'

  constructor(time: TrueTime, random: Random, lifetime: number) {
    this.#time = time
    this.#random = random
    this.#lifetime = lifetime
  }

  /** All tokens so far. */
  get tokens(): Iterable<VendorToken> {
    return this.#tokens.values()
  }

  /** When tokens were last revoked. */
  get revokedAt(): number {
    return this.#revoked.at
  }

  /** Revokes all tokens issued so far. */
  revokeAll(named: boolean): void {
    this.#revoked = { at: this.#time.elapsed, named }
  }

  recordOf(token: Secret): VendorToken {
    const record = this.#tokens.get(token.reveal())
    if (!record) throw new Error('the vendor never issued this token')
    return record
  }

  /** The 401 for a token that arrives now, or `undefined` if it is valid. */
  refusalOf(token: Secret): { named: boolean } | undefined {
    const { issuedAt, diesAt } = this.recordOf(token)
    if (issuedAt <= this.#revoked.at) return { named: this.#revoked.named }
    return this.#time.elapsed >= diesAt ? { named: true } : undefined
  }

  login({ secretKey }: Credentials, began: Began): Promise<IssuedToken> {
    const key = secretKey.reveal()
    return this.#call('login', key, began, () => {
      return this.disabled.has(key) ? failure('rejected', 'the access key is disabled') : undefined
    })
  }

  extend(token: Secret, began: Began): Promise<IssuedToken> {
    const { key } = this.recordOf(token)
    return this.#call('extend', key, began, () => {
      const isDead = this.refusalOf(token) || this.disabled.has(key)
      return isDead ? failure('refused', 'the token is dead') : undefined
    })
  }

  async #call(call: AuthCall, key: string, began: Began, refuse: () => AuthFailure | undefined): Promise<IssuedToken> {
    const ended = began(call, key)
    const { mood } = this
    const latency = mood === 'slow' ? this.#random.between(1, 9) * SECOND : this.#random.spread(20, LATENCY)
    await this.#time.pause(mood === 'hanging' ? CALL_TIMEOUT : latency / 2)
    const outcome = this.#fail(mood) ?? refuse() ?? this.#issue(key)
    if (mood !== 'hanging') await this.#time.pause(latency / 2)
    ended(outcome)
    if (outcome instanceof AuthFailure) throw outcome
    return { token: outcome.secret, lifetime: outcome.lifetime }
  }

  #fail(mood: Mood): AuthFailure | undefined {
    if (mood === 'throttling') return failure('transient', 'too many requests', this.#random.between(0, 5) * SECOND)
    if (mood === 'hanging' || mood === 'unreachable') return new AuthFailure('transient', 'no answer')
    return undefined
  }

  #issue(key: string): VendorToken {
    const issuedAt = this.#time.elapsed
    const diesAt = issuedAt + this.#lifetime
    const claims = { jti: this.#tokens.size, sub: 'a user of the tenant', iat: issuedAt / SECOND, exp: diesAt / SECOND }
    const text = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
    const record = { secret: new Secret(text), key, lifetime: tokenLifetime(text), issuedAt, diesAt }
    this.#tokens.set(text, record)
    return record
  }
}

function failure(nature: AuthFailure['nature'], message: string, retryAfter = 0): AuthFailure {
  return new AuthFailure(nature, message, { retryAfter, isAnswer: true })
}
