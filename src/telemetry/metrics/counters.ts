import { ensure } from '../../kernel/ensure.ts'
import { operationName } from '../../operations/operations.ts'
import type { Exchange } from '../../request/exchange.ts'
import type { AuthCall } from '../../session/report.ts'
import { type CounterRows, DURATION, type Histogram, type MethodCount, UPSTREAM } from './counter-rows.ts'
import type { Sample } from './exposition.ts'

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
 * labels, which took 5 % of the time of a request. Once all tenants together have very many rows, requests for further
 * operations are counted as `other`.
 */
export class Tally {
  readonly #tenant: string
  readonly #rows: CounterRows
  /** The offsets of the rows, by name of the operation. */
  readonly #operations = new Map<string, number>()
  /** Requests by client, which is empty if no clients are configured. */
  readonly #clients = new Map<string, number>()
  readonly #failures = new Map<string, number>()
  readonly #calls: Record<AuthCall, Map<string, number>> = { login: new Map(), extend: new Map() }
  /** Requests by cache outcome. */
  readonly #cache = new Map<string, number>()
  #replays = 0

  constructor(tenant: string, rows: CounterRows) {
    this.#tenant = tenant
    this.#rows = rows
  }

  /** Counts a request that ended. `status` is 0 if the client did not receive a complete response. */
  ended(exchange: Exchange, status: number, seconds: number): void {
    const { method, operation, client, spent, trace, replayed, failure, cache } = exchange
    const name = operationName(operation)
    const row = this.#operations.get(name) ?? this.#beginRow(name)
    this.#rows.count(row, method, status)
    this.#rows.observe(row, DURATION, seconds, trace)
    if (spent.upstream > 0) this.#rows.observe(row, UPSTREAM, spent.upstream / 1000, null)
    increment(this.#clients, client ?? '')
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
      requests: sum(this.#clients.values()),
      failures: sum(this.#failures.values()),
      replays: this.#replays,
      logins: sum(this.#calls.login.values()),
      extensions: sum(this.#calls.extend.values()),
    }
  }

  *requests(): Generator<Sample<'tenant' | 'operation' | keyof Omit<MethodCount, 'value'>>> {
    for (const [operation, row] of this.#operations) {
      for (const { method, status, value } of this.#rows.requests(row)) {
        if (value > 0) yield { labels: { tenant: this.#tenant, operation, method, status }, value }
      }
    }
  }

  duration(): Iterable<Sample<'tenant' | 'operation'>> {
    return this.#histograms(DURATION)
  }

  upstream(): Iterable<Sample<'tenant' | 'operation'>> {
    return this.#histograms(UPSTREAM)
  }

  *clients(): Generator<Sample<'tenant' | 'client'>> {
    for (const [client, value] of this.#clients) yield { labels: { tenant: this.#tenant, client }, value }
  }

  *replays(): Generator<Sample<'tenant'>> {
    yield { labels: { tenant: this.#tenant }, value: this.#replays }
  }

  *cache(): Generator<Sample<'tenant' | 'outcome'>> {
    for (const [outcome, value] of this.#cache) yield { labels: { tenant: this.#tenant, outcome }, value }
  }

  *failures(): Generator<Sample<'tenant' | 'problem'>> {
    for (const [problem, value] of this.#failures) yield { labels: { tenant: this.#tenant, problem }, value }
  }

  *calls(): Generator<Sample<'tenant' | 'call' | 'outcome'>> {
    for (const [call, outcomes] of Object.entries(this.#calls)) {
      for (const [outcome, value] of outcomes) yield { labels: { tenant: this.#tenant, call, outcome }, value }
    }
  }

  *#histograms(histogram: Histogram): Generator<Sample<'tenant' | 'operation'>> {
    for (const [operation, row] of this.#operations) {
      yield* this.#rows.histogram<'tenant' | 'operation'>(row, histogram, { tenant: this.#tenant, operation })
    }
  }
}

/** Adds one to the count of a key, which begins at 0. */
export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
