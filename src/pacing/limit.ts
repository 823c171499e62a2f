/** The rate limit of an endpoint, as a token bucket. */
export interface Rate {
  /** How many requests per second it accepts in the long run. */
  readonly rate: number
  /** How many requests it accepts at once when the bucket is full. */
  readonly burst: number
}

/** A rate limit with the current count of the upstream. */
export interface Limit extends Rate {
  /** How many requests the upstream would accept at once now. */
  readonly remaining: number
}

/** What remains according to a gateway that does not reach the store where it counts. */
const NOT_COUNTED = '-1'

/**
 * Reads the `X-RateLimit-*` headers (Spring Cloud Gateway). Returns `undefined` if they are missing or invalid. `get`
 * takes a lower-case name. The headers count tokens; a request may cost several, so the numbers are divided by its
 * cost. A gateway that cannot count says {@link NOT_COUNTED}, which is read as a full bucket: it refuses nobody.
 */
export function readLimit(get: (name: string) => string | undefined): Limit | undefined {
  const replenish = get('x-ratelimit-replenish-rate')
  if (replenish === undefined) return undefined
  const cost = Math.max(1, number(get('x-ratelimit-requested-tokens') ?? '1'))
  const rate = number(replenish) / cost
  const burst = number(get('x-ratelimit-burst-capacity')) / cost
  const left = get('x-ratelimit-remaining')
  const remaining = left === NOT_COUNTED ? burst : number(left) / cost
  return rate > 0 && burst >= 1 && remaining >= 0 ? { rate, burst, remaining } : undefined
}

/** Returns the part of a limit that each of so many users of it may take. */
export function shareOf({ rate, burst, remaining }: Limit, users: number): Limit {
  return { rate: rate / users, burst: Math.max(1, burst / users), remaining: remaining / users }
}

function number(text = ''): number {
  return /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : Number.NaN
}
