import type { Limit, Rate } from './limit.ts'

/** What the upstream's token bucket is believed to hold. It counts requests per user: others may draw on it too. */
export interface Bucket extends Rate {
  /** Requests that it takes at once; below zero where more were sent than it held. */
  readonly tokens: number
  /** When `tokens` was right, in milliseconds of the monotonic clock. */
  readonly at: number
  /** The same by the upstream's lowest count so far, of those that were drawn before it. */
  readonly least: number
  /** By how much the upstream's counts have corrected `tokens` so far. */
  readonly corrected: number
  /** Tokens that those who wait leave in it for others. */
  readonly reserve: number
  /** When others were noticed last. */
  readonly othersAt: number
}

/**
 * Somebody else's request is not refused though requests wait here: with a token in the bucket as many go as without. A
 * small bucket has none to spare, and a large one not all.
 */
const LEAST_RESERVE = 1.5
const RESERVED_PART = 1 / 2

/** Others that have not been noticed for this long, in milliseconds, are taken to be gone. */
const OTHERS_GONE = 30_000

/** What a sum of fractions may be off by. */
const ROUNDING = 1e-9

/** A bucket of which nothing was taken yet but what the upstream says. */
export function fill({ rate, burst }: Rate, now: number, tokens: number = burst): Bucket {
  return { rate, burst, tokens, least: tokens, at: now, corrected: 0, reserve: LEAST_RESERVE, othersAt: now }
}

/** The bucket with what has trickled in until `now`. */
export function refill(bucket: Bucket, now: number): Bucket {
  const more = (bucket.rate * (now - bucket.at)) / 1000
  const tokens = Math.min(bucket.burst, bucket.tokens + more)
  const least = Math.min(bucket.burst, bucket.least + more)
  const reserve = now - bucket.othersAt > OTHERS_GONE ? LEAST_RESERVE : bucket.reserve
  return { ...bucket, tokens, least, at: now, reserve }
}

/** Whether a request may go. */
export function hasToken(bucket: Bucket, now: number): boolean {
  return refill(bucket, now).tokens >= 1 - ROUNDING
}

/** The milliseconds until the turn of a request that waits, with so many `ahead` of it: 0 when it is now. */
export function delay(bucket: Bucket, ahead: number, now: number): number {
  const { tokens, rate, burst, reserve } = refill(bucket, now)
  const missing = ahead + 1 + Math.min(reserve, (burst - 1) * RESERVED_PART) - tokens
  return missing <= ROUNDING ? 0 : Math.ceil((missing / rate) * 1000)
}

/** Takes a token for a request, and notes by which `level` its answer can be compared. */
export function draw(bucket: Bucket, now: number): { bucket: Bucket; level: number } {
  const full = refill(bucket, now)
  const tokens = full.tokens - 1
  return { bucket: { ...full, tokens }, level: tokens - full.corrected }
}

/** What an answer says of the bucket. */
export interface Count {
  /** By which its request was drawn; undefined where that was not noted. */
  readonly level: number | undefined
  /** Requests that are not answered yet. */
  readonly underWay: number
  readonly limit: Limit
}

/**
 * The bucket after the answer to a request. What the upstream counted is compared with what it was expected to count at
 * that request, not with what is left now, so that slow answers say the same as fast ones. It is believed where it is
 * lower: others draw on the same budget, or it counts requests that were sent together in another order than ours.
 * The latter shows by and by: no more than what is under way can be missing from the least that it has counted.
 */
export function counted(bucket: Bucket, { level, underWay, limit }: Count, now: number): Bucket {
  const known = resized(bucket, limit, now)
  const least = Math.min(known.least, limit.remaining)
  // it rounds down
  const excess = expected(known, level) - (limit.remaining + 1)
  const by = Math.max(excess > 0 ? -excess - 0.5 : 0, least - underWay - known.tokens)
  return { ...corrected(known, by), least, othersAt: by < 0 ? now : known.othersAt }
}

/**
 * The bucket after a refusal, which says that there was no token; it took none. Those that are refused with it, which were
 * sent together, say no more than the first.
 */
export function refused(bucket: Bucket, limit: Rate, now: number): Bucket {
  const known = resized(bucket, limit, now)
  const isNews = now - known.othersAt >= 1000 / known.rate
  const empty = { ...corrected(known, -known.tokens), least: 0 }
  return isNews ? { ...empty, reserve: known.reserve + 1, othersAt: now } : empty
}

function resized(bucket: Bucket, { rate, burst }: Rate, now: number): Bucket {
  return refill({ ...bucket, rate, burst }, now)
}

/** What the bucket held once a request was drawn, by all that is known now. */
function expected({ tokens, corrected }: Bucket, level = tokens - corrected): number {
  return level + corrected
}

function corrected(bucket: Bucket, by: number): Bucket {
  return { ...bucket, tokens: bucket.tokens + by, corrected: bucket.corrected + by }
}
