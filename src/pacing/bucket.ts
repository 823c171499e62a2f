import type { Rate } from './declared.ts'

/** What the upstream says of an endpoint's limit. */
export interface Limit extends Rate {
  /** Requests left, as the upstream counts. */
  readonly remaining: number
}

/** A token bucket. Tokens below zero are places taken by requests that wait. */
export interface Bucket extends Rate {
  readonly tokens: number
  /** When `tokens` was right, in milliseconds of the monotonic clock. */
  readonly at: number
}

/** A bucket of which nothing was taken yet. */
export function fill({ rate, burst }: Rate, now: number): Bucket {
  return { rate, burst, tokens: burst, at: now }
}

/** The bucket with what has trickled in until `now`. */
export function refill(bucket: Bucket, now: number): Bucket {
  const tokens = Math.min(bucket.burst, bucket.tokens + (bucket.rate * (now - bucket.at)) / 1000)
  return { ...bucket, tokens, at: now }
}

/** Takes a place in the bucket, and says how many milliseconds to wait until its turn. */
export function take(bucket: Bucket, now: number): { bucket: Bucket; wait: number } {
  const full = refill(bucket, now)
  const tokens = full.tokens - 1
  return { bucket: { ...full, tokens }, wait: tokens >= 0 ? 0 : Math.ceil((-tokens / full.rate) * 1000) }
}

/** Gives back the place of a request that left before its turn. */
export function giveBack(bucket: Bucket): Bucket {
  return { ...bucket, tokens: Math.min(bucket.burst, bucket.tokens + 1) }
}

/**
 * The bucket after an answer. The upstream's count is believed where it is lower than ours: others draw on the same
 * budget. Where ours is lower, requests are under way that the upstream has not counted yet.
 */
export function learn(bucket: Bucket | undefined, { rate, burst, remaining }: Limit, now: number): Bucket {
  const tokens = bucket ? Math.min(refill(bucket, now).tokens, remaining) : remaining
  return { rate, burst, tokens, at: now }
}

/** Reads `X-RateLimit-*`, or gives `undefined` where they are missing or make no sense. `get` takes a lower-case name. */
export function readLimit(get: (name: string) => string | undefined): Limit | undefined {
  const replenish = get('x-ratelimit-replenish-rate')
  if (replenish === undefined) return undefined
  const rate = number(replenish)
  const burst = number(get('x-ratelimit-burst-capacity'))
  const remaining = number(get('x-ratelimit-remaining'))
  return rate > 0 && burst >= 1 && remaining >= 0 ? { rate, burst, remaining } : undefined
}

function number(text = ''): number {
  return /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : Number.NaN
}
