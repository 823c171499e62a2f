// Limits requests per user and endpoint, as the API does.

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

/** Whether a request is allowed, and the rate limit headers for its response. */
export interface Permit {
  readonly granted: boolean
  readonly headers: Readonly<Record<string, string>>
}

interface Bucket {
  readonly level: number
  readonly at: number
}

/** Token buckets per user and endpoint, shared by all of the user's tokens. */
export class RateLimiter {
  readonly #limits: ReadonlyMap<string, RateLimit>
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  constructor(limits: RateLimits, now: () => number) {
    this.#limits = new Map(Object.entries(limits))
    this.#now = now
  }

  /** Takes one request from the user's bucket; undefined when the endpoint has no limit. */
  take(user: string, endpoint: string): Permit | undefined {
    const limit = this.#limits.get(endpoint)
    if (!limit) return undefined
    const key = `${user} ${endpoint}`
    const now = this.#now()
    const level = refilled(this.#buckets.get(key), limit, now)
    const granted = level >= 1
    const left = granted ? level - 1 : level
    this.#buckets.set(key, { level: left, at: now })
    return { granted, headers: limitHeaders(limit, left) }
  }
}

function refilled(bucket: Bucket | undefined, { rate, burst }: RateLimit, now: number): number {
  if (!bucket) return burst
  // A clock that is set back must not drain the bucket.
  const seconds = Math.max(0, now - bucket.at) / 1000
  return Math.min(burst, bucket.level + seconds * rate)
}

function limitHeaders({ rate, burst }: RateLimit, left: number): Permit['headers'] {
  return {
    'X-RateLimit-Burst-Capacity': String(burst),
    'X-RateLimit-Remaining': String(Math.floor(left)),
    'X-RateLimit-Replenish-Rate': String(rate),
    'X-RateLimit-Requested-Tokens': '1',
  }
}
