import type { Clock } from '../kernel/clock.ts'
import { ensure } from '../kernel/ensure.ts'

/** Upper bounds of the buckets that calls are sorted into by their durations, in seconds. */
export const CALL_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1] as const

/** The calls of one script so far. */
export interface CallCounts {
  ok: number
  failed: number
  /** The time that all of them took, in seconds. */
  seconds: number
  /** The number of calls for each of {@link CALL_BOUNDS} that took no longer than it and longer than the one before. */
  readonly buckets: number[]
}

/** Counts the calls to a fleet's store, by the name of the script. */
export class StoreCalls {
  readonly #clock: Clock
  readonly #counts = new Map<string, CallCounts>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Settles as `call` does, and counts it. */
  async timed<T>(name: string, call: Promise<T>): Promise<T> {
    const from = this.#clock.monotonic()
    let isOk = false
    try {
      const result = await call
      isOk = true
      return result
    } finally {
      this.#count(name, isOk, (this.#clock.monotonic() - from) / 1000)
    }
  }

  /** The counts so far, by the name of the script. */
  all(): ReadonlyMap<string, CallCounts> {
    return this.#counts
  }

  #count(name: string, isOk: boolean, seconds: number): void {
    const counts = ensure(this.#counts, name, () => {
      return { ok: 0, failed: 0, seconds: 0, buckets: CALL_BOUNDS.map(() => 0) }
    })
    counts[isOk ? 'ok' : 'failed']++
    counts.seconds += seconds
    const bucket = CALL_BOUNDS.findIndex(bound => seconds <= bound)
    if (bucket >= 0) counts.buckets[bucket] = Number(counts.buckets[bucket]) + 1
  }
}
