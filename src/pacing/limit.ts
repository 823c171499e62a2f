/** How many requests an endpoint takes. */
export interface Rate {
  /** Requests a second. */
  readonly rate: number
  /** Requests at once. */
  readonly burst: number
}

/** What the upstream says of an endpoint's limit. */
export interface Limit extends Rate {
  /** Requests left, as the upstream counts. */
  readonly remaining: number
}

/**
 * Reads `X-RateLimit-*`, or gives `undefined` where they are missing or make no sense. `get` takes a lower-case name.
 * They count tokens, of which a request may cost more than one.
 */
export function readLimit(get: (name: string) => string | undefined): Limit | undefined {
  const replenish = get('x-ratelimit-replenish-rate')
  if (replenish === undefined) return undefined
  const cost = Math.max(1, number(get('x-ratelimit-requested-tokens') ?? '1'))
  const rate = number(replenish) / cost
  const burst = number(get('x-ratelimit-burst-capacity')) / cost
  const remaining = number(get('x-ratelimit-remaining')) / cost
  return rate > 0 && burst >= 1 && remaining >= 0 ? { rate, burst, remaining } : undefined
}

function number(text = ''): number {
  return /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : Number.NaN
}
