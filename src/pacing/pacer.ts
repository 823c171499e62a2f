import { LRUCache } from 'lru-cache'
import { type Clock, sleep } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/ending.ts'
import { Problem } from '../problem/problem.ts'
import { type Bucket, fill, giveBack, type Limit, learn, refill, take } from './bucket.ts'
import type { Rate } from './declared.ts'

/** Limits are remembered for no more endpoints than this. */
const MAX_BUCKETS = 1_000

/** Asked for anew each time. */
export interface PacerSettings {
  readonly enabled: boolean
  /** Milliseconds that a request waits at most. */
  readonly maxWait: number
  /** Requests that wait at most, over all endpoints. */
  readonly maxQueue: number
}

export interface PacerOptions {
  readonly clock: Clock
  readonly settings: () => PacerSettings
}

/** A limit, and what is left of it. */
export interface KnownLimit extends Rate {
  /** The tenant and endpoint. */
  readonly key: string
  readonly left: number
}

/** Holds requests back until their endpoint's limit lets them through, so that the upstream need not refuse them. */
export class Pacer {
  readonly #options: PacerOptions
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_BUCKETS })
  #waiting = 0

  constructor(options: PacerOptions) {
    this.#options = options
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** The limits that are known, those of endpoints asked last first, with how many requests each takes at once now. */
  *limits(): Generator<KnownLimit> {
    const now = this.#options.clock.monotonic()
    for (const [key, bucket] of this.#buckets) {
      const { rate, burst, tokens } = refill(bucket, now)
      yield { key, rate, burst, left: Math.max(0, Math.floor(tokens)) }
    }
  }

  /**
   * Waits for a request's turn, or gives `undefined` where there is nothing to wait for; `key` is its tenant and endpoint,
   * `declared` the limit that holds until the upstream tells of another.
   * @throws {Problem} `rate-limited` at once when its turn is too far off.
   */
  admit(key: string, signal?: EndSignal, declared?: Rate): Promise<void> | undefined {
    const { clock, settings } = this.#options
    const { enabled, maxWait, maxQueue } = settings()
    const bucket = this.#buckets.get(key) ?? (declared && fill(declared, clock.monotonic()))
    if (!bucket || !enabled) return undefined
    const turn = take(bucket, clock.monotonic())
    if (turn.wait > maxWait) throw rateLimited(turn.wait - maxWait, `its turn would come in ${seconds(turn.wait)} s`)
    if (turn.wait > 0 && this.#waiting >= maxQueue) throw rateLimited(turn.wait, `${maxQueue} requests wait already`)
    this.#buckets.set(key, turn.bucket)
    return turn.wait > 0 ? this.#wait(key, turn.wait, signal) : undefined
  }

  /** Notes what an answer says of its endpoint's limit. */
  observe(key: string, limit: Limit | undefined): void {
    if (!limit || !this.#options.settings().enabled) return
    this.#buckets.set(key, learn(this.#buckets.get(key), limit, this.#options.clock.monotonic()))
  }

  async #wait(key: string, ms: number, signal?: EndSignal): Promise<void> {
    this.#waiting++
    try {
      await sleep(this.#options.clock, ms, signal)
    } catch (error) {
      const bucket = this.#buckets.get(key)
      if (bucket) this.#buckets.set(key, giveBack(bucket))
      throw error
    } finally {
      this.#waiting--
    }
  }
}

function rateLimited(wait: number, why: string): Problem {
  const retryAfter = seconds(wait)
  return new Problem('rate-limited', `The upstream's rate limit for this endpoint is used up and ${why}`, {
    retryAfter,
  })
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
