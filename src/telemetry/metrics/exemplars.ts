import type { Clock } from '../../kernel/clock.ts'
import type { TraceContext } from '../../request/trace-context.ts'

/** The trace of one request that a bucket of a histogram counts. */
export interface Exemplar {
  readonly traceId: string
  readonly spanId: string
  readonly value: number
  /** When the request ended, in seconds since the epoch. */
  readonly at: number
}

/** The latest exemplar of each bucket. There are as many at most as there are buckets, and none without sampled traces. */
export class Exemplars {
  readonly #clock: Clock
  readonly #latest = new Map<number, Exemplar>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes that the bucket with this key has counted `value` for a request with this trace. */
  note(bucket: number, { traceId, spanId }: TraceContext, value: number): void {
    this.#latest.set(bucket, { traceId, spanId, value, at: this.#clock.now() / 1000 })
  }

  /** The exemplar of the bucket with this key. */
  of(bucket: number): Exemplar | undefined {
    return this.#latest.get(bucket)
  }
}
