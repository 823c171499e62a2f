import type { Limit, Rate } from './limit.ts'

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

/** What an answer says of the bucket. */
export interface Count {
  /** What {@link Bucket.draw} gave for its request; undefined where that was not drawn. */
  readonly level: number | undefined
  /** Requests that are not answered yet. */
  readonly underWay: number
  readonly limit: Limit
}

/**
 * What the upstream's token bucket is believed to hold. It counts requests per user: others may draw on it too. Times are
 * milliseconds of the monotonic clock.
 */
export class Bucket {
  #rate: number
  #burst: number
  /** Below zero where more requests were sent than it held. */
  #tokens: number
  /** What it would hold by the upstream's lowest count, of those that were drawn before that. */
  #least: number
  /** When both were right. */
  #at: number
  /** By how much the upstream's counts have corrected the tokens so far. */
  #corrected = 0
  /** Tokens that those who wait leave in it for others. */
  #reserve = LEAST_RESERVE
  /** When others were noticed last. */
  #othersAt: number

  /** Full at first, unless the upstream says otherwise. */
  constructor({ rate, burst }: Rate, now: number, tokens: number = burst) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = tokens
    this.#least = tokens
    this.#at = now
    this.#othersAt = now
  }

  /** The limit, with how many requests it takes at once now. */
  limit(now: number): Limit {
    this.#refill(now)
    return { rate: this.#rate, burst: this.#burst, remaining: Math.max(0, Math.floor(this.#tokens)) }
  }

  /** Whether a request may go. */
  hasToken(now: number): boolean {
    this.#refill(now)
    return this.#tokens >= 1 - ROUNDING
  }

  /** The milliseconds until the turn of a request that waits, with so many `ahead` of it: 0 when it is now. */
  delay(ahead: number, now: number): number {
    this.#refill(now)
    const reserve = Math.min(this.#reserve, (this.#burst - 1) * RESERVED_PART)
    const missing = ahead + 1 + reserve - this.#tokens
    return missing <= ROUNDING ? 0 : Math.ceil((missing / this.#rate) * 1000)
  }

  /** Takes a token for a request, and gives the level by which its answer can be compared. */
  draw(now: number): number {
    this.#refill(now)
    // those that do not wait must not keep the others waiting for ever
    this.#tokens = Math.max(-this.#burst, this.#tokens - 1)
    return this.#tokens - this.#corrected
  }

  /** A request was drawn that was not sent. */
  giveBack(): void {
    this.#correct(1)
  }

  /**
   * A request was answered. What the upstream counted is compared with what it was expected to count at that request, not
   * with what is left now, so that slow answers say the same as fast ones. It is believed where it is lower: others draw
   * on the same budget, or it counts requests that were sent together in another order than ours. The latter shows by and
   * by: no more than what is under way can be missing from the least that it has counted.
   */
  counted({ level, underWay, limit }: Count, now: number): void {
    this.#resize(limit, now)
    this.#least = Math.min(this.#least, limit.remaining)
    const expected = level === undefined ? this.#tokens : level + this.#corrected
    // it rounds down
    const excess = expected - (limit.remaining + 1)
    const by = Math.max(excess > 0 ? -excess - 0.5 : 0, this.#least - underWay - this.#tokens)
    if (by < 0) this.#othersAt = now
    this.#correct(by)
  }

  /**
   * A request was refused: there was no token, and it took none. Those that are refused with it, which were sent together,
   * say no more than the first.
   */
  refused(limit: Rate | undefined, now: number): void {
    this.#resize(limit ?? { rate: this.#rate, burst: this.#burst }, now)
    this.#least = 0
    this.#correct(-this.#tokens)
    if (now - this.#othersAt < 1000 / this.#rate) return
    this.#reserve++
    this.#othersAt = now
  }

  #correct(by: number): void {
    this.#tokens += by
    this.#corrected += by
  }

  #resize({ rate, burst }: Rate, now: number): void {
    this.#rate = rate
    this.#burst = burst
    this.#refill(now)
  }

  #refill(now: number): void {
    const more = (this.#rate * (now - this.#at)) / 1000
    this.#tokens = Math.min(this.#burst, this.#tokens + more)
    this.#least = Math.min(this.#burst, this.#least + more)
    this.#at = now
    if (now - this.#othersAt > OTHERS_GONE) this.#reserve = LEAST_RESERVE
  }
}
