// Limits requests per user and endpoint, as the API's gateway does (Spring Cloud Gateway's Redis rate limiter).

/** The size and refill rate of a token bucket. */
export interface RateLimit {
  /** Requests added to the bucket per second. */
  readonly rate: number
  /** Capacity of the bucket: the most requests allowed at once. */
  readonly burst: number
}

/** Rate limits by endpoint, which is written `METHOD /path/{variable}` as in the API descriptions. */
export type RateLimits = Readonly<Record<string, RateLimit>>

/** The limits that the API descriptions declare for the simulator's endpoints. */
export const DECLARED_RATE_LIMITS: RateLimits = {
  'GET /v2/alert': { rate: 2, burst: 10 },
  'POST /v2/alert': { rate: 2, burst: 10 },
  'GET /alert/{id}': { rate: 5, burst: 10 },
}

/**
 * How buckets refill. `stepwise`: by a second's tokens whenever the clock's whole seconds change, as at the gateway.
 * `continuous`: all the time.
 */
export type Refill = (typeof REFILLS)[number]

/** The ways in which buckets can refill; the first is the gateway's. */
export const REFILLS = ['stepwise', 'continuous'] as const

/** Whether a request is allowed, and the rate limit headers for its response. */
export interface Permit {
  readonly granted: boolean
  readonly headers: Readonly<Record<string, string>>
}

/** What {@link RateLimiter} needs. */
export interface RateLimiterOptions {
  readonly limits: RateLimits
  readonly refill: Refill
  /** The API's clock, in milliseconds since the epoch. */
  readonly now: () => number
}

/** The number of tokens that the gateway reports when it cannot reach its store. */
const UNKNOWN_LEVEL = -1

interface Bucket {
  readonly level: number
  /** When the bucket was last used, in seconds since the epoch. */
  readonly at: number
}

/** Token buckets per user and endpoint, shared by all of the user's tokens and access keys. */
export class RateLimiter {
  /** How the buckets refill. */
  readonly refill: Refill
  readonly #limits: ReadonlyMap<string, RateLimit>
  readonly #now: () => number
  readonly #round: (seconds: number) => number
  readonly #buckets = new Map<string, Bucket>()

  constructor({ limits, refill, now }: RateLimiterOptions) {
    this.refill = refill
    this.#limits = new Map(Object.entries(limits))
    this.#now = now
    this.#round = refill === 'stepwise' ? Math.floor : seconds => seconds
  }

  /** Takes one request from the user's bucket; undefined when the endpoint has no limit. */
  take(user: string, endpoint: string): Permit | undefined {
    const limit = this.#limits.get(endpoint)
    if (!limit) return undefined
    const key = `${user} ${endpoint}`
    const at = this.#round(this.#now() / 1000)
    const level = this.#refilled(this.#buckets.get(key), limit, at)
    const granted = level >= 1
    const left = granted ? level - 1 : level
    this.#buckets.set(key, { level: left, at })
    return { granted, headers: limitHeaders(limit, Math.floor(left)) }
  }

  /** Allows a request without counting it, as when the store of the buckets is down; undefined as for {@link take}. */
  takeUncounted(endpoint: string): Permit | undefined {
    const limit = this.#limits.get(endpoint)
    return limit && { granted: true, headers: limitHeaders(limit, UNKNOWN_LEVEL) }
  }

  #refilled(bucket: Bucket | undefined, { rate, burst }: RateLimit, at: number): number {
    if (!bucket) return burst
    // A clock that is set back must not drain the bucket.
    const seconds = Math.max(0, at - bucket.at)
    // An unused bucket is forgotten, and one that would be full in less than half a second is never kept.
    if (seconds >= this.#round((2 * burst) / rate)) return burst
    return Math.min(burst, bucket.level + seconds * rate)
  }
}

function limitHeaders({ rate, burst }: RateLimit, level: number): Permit['headers'] {
  return {
    'X-RateLimit-Burst-Capacity': String(burst),
    'X-RateLimit-Remaining': String(level),
    'X-RateLimit-Replenish-Rate': String(rate),
    'X-RateLimit-Requested-Tokens': '1',
  }
}
