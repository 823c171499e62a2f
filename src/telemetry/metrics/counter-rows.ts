import { FORWARDED_METHODS } from '../../http/methods.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { TraceContext } from '../../request/trace-context.ts'
import { Exemplars } from './exemplars.ts'
import { histogramSamples, type Sample } from './exposition.ts'

/** Upper bounds of the histogram buckets, in seconds. The upstream responds within 10 ms to tens of seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Status classes, by the first digit of the status; 0 is a request that the client aborted. */
const CLASSES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx']

/** The histograms of a row: the whole request, and the upstream alone. */
export const [DURATION, UPSTREAM] = [0, 1] as const

/** Which histogram of a row. */
export type Histogram = typeof DURATION | typeof UPSTREAM

const HISTOGRAMS = 2

/**
 * Layout of a row: the sums of the histograms, then for each bucket, lowest bound first, one cell per histogram, then
 * one cell for each method and status class.
 */
const BUCKETS = BOUNDS.length + 1
const REQUESTS = HISTOGRAMS * (1 + BUCKETS)
const SIZE = REQUESTS + FORWARDED_METHODS.length * CLASSES.length

/**
 * How many rows there may be before operations share the row of those without a name. One row takes about 4 kB of the
 * metrics, and a proxy with a thousand tenants could have hundreds of thousands.
 */
const MOST_NAMED = 2_000

/** How many requests of one method had a status of one class. */
export interface MethodCount {
  readonly method: string
  readonly status: string
  readonly value: number
}

/**
 * The counters that every request increments, in one row for each operation of each tenant. All rows share one array:
 * with many tenants, separate objects cause cache misses.
 */
export class CounterRows {
  readonly #exemplars: Exemplars
  #cells = new Float64Array(SIZE)
  #used = 0

  /** `clock` dates the exemplars. */
  constructor(clock: Clock) {
    this.#exemplars = new Exemplars(clock)
  }

  /** Adds a row and returns its offset. */
  begin(): number {
    const at = this.#used
    this.#used += SIZE
    if (this.#used > this.#cells.length) {
      const before = this.#cells
      this.#cells = new Float64Array(2 * before.length)
      this.#cells.set(before)
    }
    return at
  }

  /** Whether there are so many rows that no further operation gets one of its own. */
  get areMany(): boolean {
    return this.#used >= MOST_NAMED * SIZE
  }

  /**
   * Counts a request in a row. `method` is one that is forwarded: others are rejected before their tenant is known.
   * `status` is 0 if the client did not receive a complete response.
   */
  count(row: number, method: string, status: number): void {
    const index = FORWARDED_METHODS.indexOf(method)
    this.#add(row + REQUESTS + index * CLASSES.length + Math.trunc(status / 100), 1)
  }

  /** Counts a duration in a histogram of a row. `trace` becomes the bucket's exemplar, if it is sampled. */
  observe(row: number, histogram: Histogram, seconds: number, trace: TraceContext | null): void {
    const bucket = BOUNDS.findIndex(bound => seconds <= bound)
    const cell = row + cellOf(histogram, bucket < 0 ? BOUNDS.length : bucket)
    this.#add(row + histogram, seconds)
    this.#add(cell, 1)
    if (trace?.isSampled) this.#exemplars.note(cell, trace, seconds)
  }

  /** The requests of a row, by method and status class. */
  *requests(row: number): Generator<MethodCount> {
    let at = row + REQUESTS
    for (const method of FORWARDED_METHODS) {
      for (const status of CLASSES) yield { method, status, value: this.#get(at++) }
    }
  }

  /** The samples of a histogram of a row. */
  histogram<Label extends string>(
    row: number,
    histogram: Histogram,
    labels: Sample<Label>['labels'],
  ): Generator<Sample<Label>> {
    const cell = (bucket: number) => row + cellOf(histogram, bucket)
    return histogramSamples(labels, {
      bounds: BOUNDS,
      inBucket: bucket => this.#get(cell(bucket)),
      sum: this.#get(row + histogram),
      exemplar: bucket => this.#exemplars.of(cell(bucket)),
    })
  }

  #get(at: number): number {
    return Number(this.#cells[at])
  }

  #add(at: number, amount: number): void {
    this.#cells[at] = Number(this.#cells[at]) + amount
  }
}

/** The cell of a histogram's bucket, relative to the start of the row. */
function cellOf(histogram: Histogram, bucket: number): number {
  return histogram + HISTOGRAMS * (1 + bucket)
}
