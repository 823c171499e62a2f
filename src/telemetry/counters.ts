import { FORWARDED_METHODS } from '../http/methods.ts'
import type { Exchange } from '../request/exchange.ts'
import type { AuthCall } from '../session/report.ts'
import type { Sample } from './exposition.ts'

/** Seconds; the upstream answers within some tens of milliseconds to some tens of seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What became of requests, by the first digit of their status. */
const CLASSES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx']

type Labels = Sample['labels']

/** The methods that are told apart. */
const METHODS = [...FORWARDED_METHODS, 'other']

/** The histograms: how long requests took, and how long the upstream did. */
const [DURATION, UPSTREAM, HISTOGRAMS] = [0, 1, 2]

/** A row begins with their sums and buckets in turn, those of what was quick first; behind them, requests are counted. */
const BUCKETS = BOUNDS.length + 1
const REQUESTS = HISTOGRAMS * (1 + BUCKETS)
const SIZE = REQUESTS + METHODS.length * CLASSES.length

/**
 * What each request counts, in a row for each tenant. All are in one array, because where there are many tenants, what is
 * apart is far from the processor.
 */
export class CounterRows {
  #cells = new Float64Array(SIZE)
  #used = 0

  /** Adds a row, and gives where it begins. */
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

  get(at: number): number {
    return Number(this.#cells[at])
  }

  add(at: number, amount: number): void {
    this.#cells[at] = Number(this.#cells[at]) + amount
  }
}

/** What was counted for a tenant since the start: requests, what became of them, and the auth calls made for them. */
export interface TenantCounts {
  readonly requests: number
  /** Those that ended with a problem. */
  readonly failures: number
  /** Those that were sent twice. */
  readonly replays: number
  readonly logins: number
  readonly extensions: number
}

/**
 * Counts for one tenant. They are plain numbers, because each request counts a handful of them: libraries look each count
 * up by its labels, which took a twentieth of all that a request costs.
 */
export class Tally {
  readonly #rows: CounterRows
  readonly #row: number
  readonly #failures = new Map<string, number>()
  readonly #calls: Record<AuthCall, Map<string, number>> = { login: new Map(), extend: new Map() }
  /** By how the cache had part in answers. */
  readonly #cache = new Map<string, number>()
  #replays = 0

  constructor(rows: CounterRows) {
    this.#rows = rows
    this.#row = rows.begin()
  }

  /** An exchange ended; `status` is 0 where the client did not get all of an answer. */
  ended({ method, spent, replayed, failure, cache }: Exchange, status: number, seconds: number): void {
    const known = METHODS.indexOf(method)
    const index = known < 0 ? METHODS.length - 1 : known
    this.#add(REQUESTS + index * CLASSES.length + Math.trunc(status / 100), 1)
    this.#observe(DURATION, seconds)
    if (spent.upstream > 0) this.#observe(UPSTREAM, spent.upstream / 1000)
    if (replayed) this.#replays++
    if (cache) increment(this.#cache, cache)
    if (failure) increment(this.#failures, failure.type)
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
    for (const { method, status, value } of this.#requests()) {
      if (value > 0) yield { labels: { tenant, method, status }, value }
    }
  }

  duration(tenant: string): Iterable<Sample> {
    return this.#histogram(DURATION, { tenant })
  }

  upstream(tenant: string): Iterable<Sample> {
    return this.#histogram(UPSTREAM, { tenant })
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

  *#requests(): Generator<{ method: string; status: string; value: number }> {
    let at = REQUESTS
    for (const method of METHODS) {
      for (const status of CLASSES) yield { method, status, value: this.#get(at++) }
    }
  }

  #observe(histogram: number, seconds: number): void {
    const bucket = BOUNDS.findIndex(bound => seconds <= bound)
    this.#add(histogram, seconds)
    this.#add(cellOf(histogram, bucket < 0 ? BOUNDS.length : bucket), 1)
  }

  /** The samples of a histogram, in which each bucket counts those below it too. */
  *#histogram(histogram: number, labels: Labels): Generator<Sample> {
    let count = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      count += this.#get(cellOf(histogram, bucket))
      yield { suffix: '_bucket', labels: { le: `${BOUNDS[bucket] ?? '+Inf'}`, ...labels }, value: count }
    }
    yield { suffix: '_sum', labels, value: this.#get(histogram) }
    yield { suffix: '_count', labels, value: count }
  }

  #get(at: number): number {
    return this.#rows.get(this.#row + at)
  }

  #add(at: number, amount: number): void {
    this.#rows.add(this.#row + at, amount)
  }
}

/** Where a bucket of a histogram stands in a row. */
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
