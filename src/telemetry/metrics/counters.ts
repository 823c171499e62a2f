import { FORWARDED_METHODS } from '../../http/methods.ts'
import { ensure } from '../../kernel/ensure.ts'
import { operationName } from '../../operations/operations.ts'
import type { Exchange } from '../../request/exchange.ts'
import type { AuthCall } from '../../session/report.ts'
import type { Sample } from './exposition.ts'

/** Upper bounds of the histogram buckets, in seconds. The upstream responds within 10 ms to tens of seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Status classes, by the first digit of the status; 0 is a request that the client aborted. */
const CLASSES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx']

type Labels = Sample['labels']

/** The values of the label `method`. */
const METHODS = [...FORWARDED_METHODS, 'other']

/** The histograms of a row (the whole request, and the upstream alone), and their number. */
const [DURATION, UPSTREAM, HISTOGRAMS] = [0, 1, 2]

/**
 * Layout of a row: the sums of the histograms, then for each bucket, lowest bound first, one cell per histogram, then
 * one cell for each method and status class.
 */
const BUCKETS = BOUNDS.length + 1
const REQUESTS = HISTOGRAMS * (1 + BUCKETS)
const SIZE = REQUESTS + METHODS.length * CLASSES.length

/**
 * How many rows there may be before operations share the row of those without a name. One row takes about 4 kB of the
 * metrics, and a proxy with a thousand tenants could have hundreds of thousands.
 */
const MOST_NAMED = 2_000

/**
 * The counters that every request increments, in one row for each operation of each tenant. All rows share one array:
 * with many tenants, separate objects cause cache misses.
 */
export class CounterRows {
  #cells = new Float64Array(SIZE)
  #used = 0

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

  get(at: number): number {
    return Number(this.#cells[at])
  }

  add(at: number, amount: number): void {
    this.#cells[at] = Number(this.#cells[at]) + amount
  }
}

/** The counters of a tenant since the start, as `/_proxy/status` shows them. */
export interface TenantCounts {
  readonly requests: number
  /** Requests that ended with a problem. */
  readonly failures: number
  /** Requests that were sent to the upstream more than once. */
  readonly replays: number
  readonly logins: number
  readonly extensions: number
}

/**
 * The counters and histograms of one tenant. They are plain numbers: metrics libraries look up each counter by its
 * labels, which took 5 % of the time of a request. Once all tenants together have {@link MOST_NAMED} rows, requests for
 * further operations are counted as `other`.
 */
export class Tally {
  readonly #rows: CounterRows
  /** The offsets of the rows, by name of the operation. */
  readonly #operations = new Map<string, number>()
  readonly #failures = new Map<string, number>()
  readonly #calls: Record<AuthCall, Map<string, number>> = { login: new Map(), extend: new Map() }
  /** Requests by cache outcome. */
  readonly #cache = new Map<string, number>()
  #replays = 0

  constructor(rows: CounterRows) {
    this.#rows = rows
  }

  /** Counts a request that ended. `status` is 0 if the client did not receive a complete response. */
  ended({ method, operation, spent, replayed, failure, cache }: Exchange, status: number, seconds: number): void {
    const name = operationName(operation)
    const row = this.#operations.get(name) ?? this.#beginRow(name)
    const known = METHODS.indexOf(method)
    const index = known < 0 ? METHODS.length - 1 : known
    this.#rows.add(row + REQUESTS + index * CLASSES.length + Math.trunc(status / 100), 1)
    this.#observe(row, DURATION, seconds)
    if (spent.upstream > 0) this.#observe(row, UPSTREAM, spent.upstream / 1000)
    if (replayed) this.#replays++
    if (cache) increment(this.#cache, cache)
    if (failure) increment(this.#failures, failure.type)
  }

  /** Begins the row of an operation, or finds that of those without a name if there are many already. */
  #beginRow(name: string): number {
    const counted = this.#rows.areMany ? operationName(undefined) : name
    return ensure(this.#operations, counted, () => this.#rows.begin())
  }

  called(call: AuthCall, outcome: string): void {
    increment(this.#calls[call], outcome)
  }

  get counts(): TenantCounts {
    return {
      requests: sum([...this.#requests()].map(({ value }) => value)),
      failures: sum(this.#failures.values()),
      replays: this.#replays,
      logins: sum(this.#calls.login.values()),
      extensions: sum(this.#calls.extend.values()),
    }
  }

  *requests(tenant: string): Generator<Sample> {
    for (const { operation, method, status, value } of this.#requests()) {
      if (value > 0) yield { labels: { tenant, operation, method, status }, value }
    }
  }

  duration(tenant: string): Iterable<Sample> {
    return this.#histograms(DURATION, tenant)
  }

  upstream(tenant: string): Iterable<Sample> {
    return this.#histograms(UPSTREAM, tenant)
  }

  *replays(tenant: string): Generator<Sample> {
    yield { labels: { tenant }, value: this.#replays }
  }

  *cache(tenant: string): Generator<Sample> {
    for (const [outcome, value] of this.#cache) yield { labels: { tenant, outcome }, value }
  }

  *failures(tenant: string): Generator<Sample> {
    for (const [problem, value] of this.#failures) yield { labels: { tenant, problem }, value }
  }

  *calls(tenant: string): Generator<Sample> {
    for (const [call, outcomes] of Object.entries(this.#calls)) {
      for (const [outcome, value] of outcomes) yield { labels: { tenant, call, outcome }, value }
    }
  }

  *#requests(): Generator<{ operation: string; method: string; status: string; value: number }> {
    for (const [operation, row] of this.#operations) {
      let at = row + REQUESTS
      for (const method of METHODS) {
        for (const status of CLASSES) yield { operation, method, status, value: this.#rows.get(at++) }
      }
    }
  }

  #observe(row: number, histogram: number, seconds: number): void {
    const bucket = BOUNDS.findIndex(bound => seconds <= bound)
    this.#rows.add(row + histogram, seconds)
    this.#rows.add(row + cellOf(histogram, bucket < 0 ? BOUNDS.length : bucket), 1)
  }

  *#histograms(histogram: number, tenant: string): Generator<Sample> {
    for (const [operation, row] of this.#operations) yield* this.#histogram(row, histogram, { tenant, operation })
  }

  /** The samples of a histogram. Buckets are cumulative: each includes the lower ones. */
  *#histogram(row: number, histogram: number, labels: Labels): Generator<Sample> {
    let count = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      count += this.#rows.get(row + cellOf(histogram, bucket))
      yield { suffix: '_bucket', labels: { le: `${BOUNDS[bucket] ?? '+Inf'}`, ...labels }, value: count }
    }
    yield { suffix: '_sum', labels, value: this.#rows.get(row + histogram) }
    yield { suffix: '_count', labels, value: count }
  }
}

/** The cell of a histogram's bucket, relative to the start of the row. */
function cellOf(histogram: number, bucket: number): number {
  return histogram + HISTOGRAMS * (1 + bucket)
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
