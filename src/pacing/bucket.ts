import { type Limit, type Rate, shareOf } from './limit.ts'

/**
 * The fewest tokens that waiting requests leave for other users of the access key, so that the upstream does not refuse
 * those users. It costs no throughput: requests go at the rate of the limit whether or not tokens remain in the bucket.
 */
export const MIN_RESERVE = 1.5

/** The largest fraction of a bucket, beyond its first token, that is left for others. A small bucket can spare none. */
export const RESERVED_FRACTION = 1 / 2

/** The half-life of what is left for others beyond {@link MIN_RESERVE}, in milliseconds. */
export const RESERVE_HALF_LIFE = 60_000

/** The half-life of the rate at which others seem to send requests, in milliseconds. */
export const OTHERS_HALF_LIFE = 10_000

/**
 * How much one request of others adds to that rate, per second: as it decays, a steady rate adds up to itself.
 */
export const OTHERS_RATE_OF_ONE = (Math.LN2 * 1000) / OTHERS_HALF_LIFE

/** The largest fraction of a limit that is left to others while members go on alone. */
const MOST_TO_OTHERS = 1 / 2

/** The largest rounding error of a sum of fractions. */
export const ROUNDING = 1e-9

/** What is known of other users of the access key, whom nobody sees but the upstream. */
export interface OtherUsers {
  /** How many tokens waiting requests leave for them, as far as the size of the bucket allows. */
  readonly reserve: number
  /** How many requests per second they seem to send. */
  readonly rate: number
}

const NO_OTHERS: OtherUsers = { reserve: MIN_RESERVE, rate: 0 }

/** What a response says about the bucket. */
export interface Count {
  /** The result of {@link Bucket.draw} for the request. Undefined if no token was drawn. */
  readonly level: number | undefined
  /** The number of requests without a response. */
  readonly inFlight: number
  readonly limit: Limit
}

/**
 * An estimate of the upstream's token bucket for one endpoint. The upstream counts requests per user, so others may
 * draw on the bucket, too. Times are milliseconds of the monotonic clock.
 */
export class Bucket {
  #rate: number
  #burst: number
  /** The estimated tokens, negative if more requests were sent than there were tokens. */
  #tokens: number
  /** The lowest count reported by the upstream so far, refilled since then. Requests in flight may have drawn more. */
  #lowestCount: number
  /** The time to which `#tokens` and `#lowestCount` are refilled. */
  #at: number
  /** The sum of all corrections, by which levels from before and after them are compared. */
  #corrected = 0
  /** How many tokens waiting requests leave for others, and how many requests per second those seem to send. */
  #reserve: number
  #othersRate: number
  /** When there was last a sign of other users. */
  #othersAt: number

  /** What a token of the upstream is here: a fraction in a part of a bucket. The upstream counts whole ones. */
  #grain = 1

  /** Starts with `tokens` tokens, by default full, and with what is known of others. */
  constructor({ rate, burst }: Rate, now: number, tokens: number = burst, others: OtherUsers = NO_OTHERS) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = tokens
    this.#reserve = others.reserve
    this.#othersRate = others.rate
    this.#lowestCount = tokens
    this.#at = now
    this.#othersAt = now
  }

  /** Returns the limit, with the whole tokens that are left now. */
  limit(now: number): Limit {
    this.#refill(now)
    return { rate: this.#rate, burst: this.#burst, remaining: Math.max(0, Math.floor(this.#tokens)) }
  }

  /** What was known of other users when the bucket was last refilled. */
  get others(): OtherUsers {
    return { reserve: this.#reserve, rate: this.#othersRate }
  }

  /** By how many to divide the bucket among so many members, so that others have what they seem to take. */
  usersOf(members: number): number {
    return members / (1 - Math.min(MOST_TO_OTHERS, this.#othersRate / this.#rate))
  }

  /**
   * Returns the part of the bucket that each of so many users of it may take. With a fraction of one, that is the bucket
   * that this is a part of, in which only the tokens of this part are known to be.
   */
  divided(users: number, now: number): Bucket {
    const whole = this.limit(now)
    const part = shareOf(whole, users)
    const bucket = new Bucket(part, now, Math.min(whole.remaining, part.remaining), {
      reserve: this.#reserve,
      rate: this.#othersRate / users,
    })
    bucket.#grain = this.#grain / users
    return bucket
  }

  /** Whether there is a token for a request that does not wait. */
  hasToken(now: number): boolean {
    this.#refill(now)
    return this.#tokens >= 1 - ROUNDING
  }

  /** Returns the milliseconds until a waiting request may go after `ahead` others: 0 if it may go now. */
  delay(ahead: number, now: number): number {
    this.#refill(now)
    const reserve = Math.min(this.#reserve, (this.#burst - 1) * RESERVED_FRACTION)
    const missing = ahead + 1 + reserve - this.#tokens
    return missing <= ROUNDING ? 0 : Math.ceil((missing / this.#rate) * 1000)
  }

  /** Takes a token for a request, and returns the level that the count in its response is compared with. */
  draw(now: number): number {
    this.#refill(now)
    // bound the debt, so that requests that do not wait cannot hold up the others for ever
    this.#tokens = Math.max(-this.#burst, this.#tokens - 1)
    return this.#tokens - this.#corrected
  }

  /** Returns the tokens of so many requests that were not sent. */
  giveBack(count: number): void {
    this.#correct(count)
  }

  /**
   * Corrects the level with the count in a response. The count is compared with the level when its request was sent,
   * not with the current one, so that slow responses say the same as fast ones.
   *
   * A lower count is believed, whether others draw on the bucket or the upstream counted requests that were sent
   * together in a different order. In the latter case, later responses raise the level again: what remains of the
   * lowest count after all requests in flight must be there.
   */
  counted(count: Count, now: number): void {
    this.#resize(count.limit, now)
    this.#lowestCount = Math.min(this.#lowestCount, count.limit.remaining)
    const correction = Math.max(-this.#missing(count), this.#lowestCount - count.inFlight - this.#tokens)
    if (correction < 0) this.#othersAt = now
    this.#taken(-correction)
  }

  /**
   * Empties the bucket after a refused request, which took no token, and makes waiting requests leave one more token
   * for others. Further refusals within the time of one token do not add to this, because their requests were sent
   * together.
   */
  refused(limit: Rate | undefined, now: number): void {
    this.#resize(limit ?? { rate: this.#rate, burst: this.#burst }, now)
    this.#lowestCount = 0
    this.#taken(this.#tokens)
    if (now - this.#othersAt < 1000 / this.#rate) return
    this.#reserve += this.#grain
    this.#othersAt = now
  }

  /**
   * How many fewer tokens the upstream counted than expected, or 0. The upstream rounds down, so there may be up to one
   * more.
   */
  #missing({ level, limit }: Count): number {
    const expected = level === undefined ? this.#tokens : level + this.#corrected
    const excess = expected - (limit.remaining + this.#grain)
    return excess > 0 ? excess + this.#grain / 2 : 0
  }

  /** Notes that others took so many tokens; fewer than none if they took fewer than it seemed. */
  #taken(count: number): void {
    this.#correct(-count)
    this.#othersRate = Math.max(0, this.#othersRate + count * OTHERS_RATE_OF_ONE)
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
    const passed = now - this.#at
    const more = (this.#rate * passed) / 1000
    this.#tokens = Math.min(this.#burst, this.#tokens + more)
    this.#lowestCount = Math.min(this.#burst, this.#lowestCount + more)
    this.#reserve = MIN_RESERVE + (this.#reserve - MIN_RESERVE) * 2 ** (-passed / RESERVE_HALF_LIFE)
    this.#othersRate *= 2 ** (-passed / OTHERS_HALF_LIFE)
    this.#at = now
  }
}
