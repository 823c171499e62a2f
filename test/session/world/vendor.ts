import type { IssuedToken } from '../../../src/auth/auth-api.ts'
import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import { tokenLifetime } from '../../../src/auth/jwt.ts'
import { Secret } from '../../../src/kernel/secret.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { Random } from '../../support/random.ts'
import { HOUR, MINUTE, SECOND, type WorldTime } from './time.ts'
import type { Weather } from './weather.ts'

/** The timeout of the session's auth calls, in milliseconds. */
const CALL_TIMEOUT = 10 * SECOND

const NO_ANSWER = new AuthFailure('transient', 'no answer')

/**
 * The shortest lifetime of tokens with whole seconds, as real ones have. They may expire up to a second early, which
 * the margin of a session covers from this lifetime on. Shorter ones have fractions.
 */
const FINE_LIFETIME = 4 * SECOND

/** The vendor's record of a token. Times are true times. */
export interface VendorToken {
  readonly secret: Secret
  readonly lifetime: number
  readonly issuedAt: number
  readonly diesAt: number
}

/** How an auth call ends. */
export type CallOutcome = VendorToken | AuthFailure

/** Callbacks for auth calls. */
export interface VendorEvents {
  began(call: AuthCall, token: Secret | undefined): void
  ended(call: AuthCall, outcome: CallOutcome): void
}

/** How this vendor issues tokens. */
interface Habits {
  /** How far its clock is ahead of true time. */
  readonly offset: number
  readonly lifetimes: readonly [number, ...number[]]
  /** Whether its tokens are not JWTs, and live for the documented ten minutes. */
  readonly opaque: boolean
}

/** The auth service of the vendor, and its records of tokens. */
export class Vendor {
  readonly #time: WorldTime
  readonly #weather: Weather
  readonly #random: Random
  readonly #events: VendorEvents
  readonly #habits: Habits
  readonly #tokens = new Map<string, VendorToken>()
  #revocation: { at: number; named: boolean } = { at: Number.NEGATIVE_INFINITY, named: false }

  constructor(time: WorldTime, weather: Weather, random: Random, events: VendorEvents) {
    this.#time = time
    this.#weather = weather
    this.#random = random
    this.#events = events
    this.#habits = drawHabits(random)
  }

  login(_credentials: unknown, signal?: AbortSignal): Promise<IssuedToken> {
    return this.#call('login', undefined, signal)
  }

  extend(token: Secret, signal?: AbortSignal): Promise<IssuedToken> {
    return this.#call('extend', token, signal)
  }

  /** Revokes all tokens issued so far. */
  revokeAll(named: boolean): void {
    this.#revocation = { at: this.#time.elapsed, named }
  }

  /** The record of a token. */
  recordOf(token: Secret): VendorToken {
    const record = this.#tokens.get(token.reveal())
    if (!record) throw new Error('the vendor never issued this token')
    return record
  }

  /** The 401 for a token that arrives `uplink` milliseconds from now, or `undefined` if it is valid. */
  refusalOf(token: Secret, uplink: number): { named: boolean } | undefined {
    const { issuedAt, diesAt } = this.recordOf(token)
    if (issuedAt < this.#revocation.at) return { named: this.#revocation.named }
    return this.#time.elapsed + uplink >= diesAt ? { named: this.#random.chance(0.8) } : undefined
  }

  #call(call: AuthCall, token: Secret | undefined, signal?: AbortSignal): Promise<IssuedToken> {
    if (signal?.aborted) return Promise.reject(new AuthFailure('transient', 'aborted before it began'))
    this.#events.began(call, token)
    const latency = this.#random.spread(20, 4 * SECOND)
    if (this.#weather.strike('hanging')) return this.#answer(call, NO_ANSWER, CALL_TIMEOUT, signal)
    const uplink = latency * this.#random.between(0.1, 0.9)
    const failure = this.#fail() ?? (token ? this.#refuseExtension(token, uplink) : this.#rejectLogin())
    return this.#answer(call, failure ?? this.#issue(call, uplink), latency, signal)
  }

  #answer(call: AuthCall, outcome: CallOutcome, after: number, signal?: AbortSignal): Promise<IssuedToken> {
    return new Promise((resolve, reject) => {
      const end = (outcome: CallOutcome) => {
        signal?.removeEventListener('abort', onAbort)
        this.#events.ended(call, outcome)
        if (outcome instanceof AuthFailure) reject(outcome)
        else resolve({ token: outcome.secret, lifetime: outcome.lifetime })
      }
      const arrival = this.#time.after(after, () => end(outcome))
      const onAbort = () => {
        arrival.off = true
        end(new AuthFailure('transient', 'aborted', { cause: signal?.reason }))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #fail(): AuthFailure | undefined {
    if (this.#weather.strike('outage')) return new AuthFailure('transient', 'no route to the vendor')
    const throttled = this.#weather.strike('throttled')
    if (!throttled) return undefined
    const retryAfter = this.#random.chance(0.2) ? 0 : Math.round(this.#random.between(0, throttled.amount))
    return new AuthFailure('transient', `too many requests, come again in ${retryAfter} ms`, { retryAfter })
  }

  #rejectLogin(): AuthFailure | undefined {
    return this.#weather.strike('disabled') && new AuthFailure('rejected', 'the access key is disabled')
  }

  #refuseExtension(token: Secret, uplink: number): AuthFailure | undefined {
    if (this.refusalOf(token, uplink)) return new AuthFailure('refused', 'the token is dead')
    const refuses = this.#weather.strike('unextendable') ?? this.#weather.strike('disabled')?.named
    return refuses ? new AuthFailure('refused', 'the token cannot be extended') : undefined
  }

  #issue(call: AuthCall, uplink: number): VendorToken {
    const { offset, lifetimes, opaque } = this.#habits
    const brief = opaque ? undefined : this.#weather.strike('brief')
    const lifetime = brief?.amount ?? this.#random.pick(lifetimes)
    const issuedAt = this.#time.elapsed + uplink
    const iat = floorTo(lifetime < FINE_LIFETIME ? 1 : SECOND, issuedAt + offset)
    const id = `${call}-${this.#tokens.size}`
    const text = opaque ? id : writeJwt(id, iat, iat + lifetime)
    const record = {
      secret: new Secret(text),
      lifetime: tokenLifetime(text),
      issuedAt,
      diesAt: iat + lifetime - offset,
    }
    this.#tokens.set(text, record)
    return record
  }
}

function writeJwt(jti: string, iat: number, exp: number): string {
  const claims = JSON.stringify({ jti, iat: iat / SECOND, exp: exp / SECOND })
  return `e30.${Buffer.from(claims).toString('base64url')}.signature`
}

function drawHabits(random: Random): Habits {
  const offset = Math.round(random.between(-15, 15) * MINUTE)
  const documented = 10 * MINUTE
  const other = floorTo(SECOND, random.spread(2 * MINUTE, HOUR))
  const style = random.next()
  if (style < 0.6) return { offset, lifetimes: [documented], opaque: false }
  if (style < 0.7) return { offset, lifetimes: [documented], opaque: true }
  if (style < 0.85) return { offset, lifetimes: [other], opaque: false }
  return { offset, lifetimes: [documented, other, HOUR], opaque: false }
}

function floorTo(step: number, ms: number): number {
  return Math.floor(ms / step) * step
}
