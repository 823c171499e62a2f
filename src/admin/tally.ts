import type { Exchange } from '../forward/exchange.ts'
import { ensure } from '../kernel/ensure.ts'
import type { AuthCall } from '../session/report.ts'
import type { Sample } from './exposition.ts'

/** Seconds; the upstream answers within some tens of milliseconds to some tens of seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What became of requests, by the first digit of their status. */
const CLASSES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx']

type Labels = Sample['labels']

/** How often what took how long. */
class Durations {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0)
  #sum = 0

  add(seconds: number): void {
    const at = BOUNDS.findIndex(bound => seconds <= bound)
    const bucket = at < 0 ? BOUNDS.length : at
    this.#counts[bucket] = Number(this.#counts[bucket]) + 1
    this.#sum += seconds
  }

  /** The samples of a histogram, in which each bucket counts those below it too. */
  *samples(labels: Labels): Generator<Sample> {
    let count = 0
    for (const [index, more] of this.#counts.entries()) {
      count += more
      yield { suffix: '_bucket', labels: { le: `${BOUNDS[index] ?? '+Inf'}`, ...labels }, value: count }
    }
    yield { suffix: '_sum', labels, value: this.#sum }
    yield { suffix: '_count', labels, value: count }
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
  /** By method, and then in the order of {@link CLASSES}. */
  readonly #requests = new Map<string, number[]>()
  readonly #failures = new Map<string, number>()
  readonly #calls: Record<AuthCall, Map<string, number>> = { login: new Map(), extend: new Map() }
  readonly #duration = new Durations()
  readonly #upstream = new Durations()
  /** By how the cache had part in answers. */
  readonly #cache = new Map<string, number>()
  #replays = 0

  /** An exchange ended; `status` is 0 where the client did not get all of an answer. */
  ended({ spent, replayed, failure, cache }: Exchange, method: string, status: number, seconds: number): void {
    const classes = ensure(this.#requests, method, noneYet)
    const index = Math.trunc(status / 100)
    classes[index] = Number(classes[index]) + 1
    this.#duration.add(seconds)
    if (spent.upstream > 0) this.#upstream.add(spent.upstream / 1000)
    if (replayed) this.#replays++
    if (cache) increment(this.#cache, cache)
    if (failure) increment(this.#failures, failure.type)
  }

  called(call: AuthCall, outcome: string): void {
    increment(this.#calls[call], outcome)
  }

  get counts(): TenantCounts {
    return {
      requests: sum([...this.#requests.values()].flat()),
      failures: sum(this.#failures.values()),
      replays: this.#replays,
      logins: sum(this.#calls.login.values()),
      extensions: sum(this.#calls.extend.values()),
    }
  }

  *requests(tenant: string): Generator<Sample> {
    for (const [method, classes] of this.#requests) {
      for (const [index, value] of classes.entries()) {
        if (value > 0) yield { labels: { tenant, method, status: String(CLASSES[index]) }, value }
      }
    }
  }

  duration(tenant: string): Iterable<Sample> {
    return this.#duration.samples({ tenant })
  }

  upstream(tenant: string): Iterable<Sample> {
    return this.#upstream.samples({ tenant })
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
}

function noneYet(): number[] {
  return CLASSES.map(() => 0)
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
