import type { KeyExpiry } from '../../auth/key-expiry.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { Budget } from '../../kernel/budget.ts'
import { ensure } from '../../kernel/ensure.ts'
import type { EndpointStatus, Pacer } from '../../pacing/pacer.ts'
import type { Exchange } from '../../request/exchange.ts'
import type { KeyExpiries } from '../../session/key-expiries.ts'
import type { Sessions, SessionsEvents, TenantEntry } from '../../session/sessions.ts'
import { transitions } from '../../session/states.ts'
import type { DeprecatedCall, DeprecatedCalls } from '../deprecated-calls.ts'
import { CounterRows, Tally, type TenantCounts } from './counters.ts'
import { expose, type Family, type Sample } from './exposition.ts'
import { counter, family, gauge, histogram } from './families.ts'
import { fleetFamilies } from './fleet-metrics.ts'

const STATES = Object.keys(transitions)

/** The sources of values that the metrics do not count themselves. */
export interface MetricsSources {
  readonly pacer: Pacer
  readonly keyExpiries: KeyExpiries
  /** The memory budget of request bodies kept for a retry. */
  readonly kept: Budget
  readonly auditLinesLost: () => number
  readonly deprecatedCalls: DeprecatedCalls
  /** The fleet that this proxy belongs to, if any. */
  readonly fleet: Fleet | null
}

/**
 * The metrics of the proxy. The number of samples is bounded: tenants are configured; of the API's operations, a limited
 * number is named; methods, status classes and outcomes are few.
 */
export class Metrics {
  readonly #sessions: () => Sessions
  readonly #sources: MetricsSources
  readonly #tallies = new Map<string, Tally>()
  readonly #rows = new CounterRows()
  #inFlight = 0
  #finished = 0

  constructor(sessions: () => Sessions, sources: MetricsSources) {
    this.#sessions = sessions
    this.#sources = sources
  }

  started(): void {
    this.#inFlight++
  }

  /** Counts a request that ended after `seconds`. `status` is 0 if the client did not receive a complete response. */
  finished(exchange: Exchange, status: number, seconds: number): void {
    this.#inFlight--
    this.#finished++
    this.#tally(exchange.tenant ?? '').ended(exchange, status, seconds)
  }

  /** Counts an auth call; an event handler for the sessions. */
  readonly sessionCalled: SessionsEvents['called'] = (tenant, call, outcome) =>
    this.#tally(tenant).called(call, outcome)

  /** How many requests have ended. */
  get requests(): number {
    return this.#finished
  }

  counts(tenant: string): TenantCounts {
    return this.#tally(tenant).counts
  }

  /** Renders all metrics in the Prometheus text format. */
  render(): string {
    return expose(this.#families())
  }

  #tally(tenant: string): Tally {
    return ensure(this.#tallies, tenant, () => new Tally(this.#rows))
  }

  *#families(): Generator<Family> {
    yield counter('requests_total', 'Requests by tenant, operation, method and status class.', this.#each('requests'))
    const [whole, upstream] = [this.#each('duration'), this.#each('upstream')]
    yield histogram('request_duration_seconds', 'Time from the request to the end of the response.', whole)
    const untilHeaders = 'Time from forwarding the request to receiving the response headers of the upstream.'
    yield histogram('upstream_duration_seconds', untilHeaders, upstream)
    yield gauge('requests_in_flight', 'Requests in flight.', [{ labels: {}, value: this.#inFlight }])
    yield counter('replays_total', 'Requests sent to the upstream more than once.', this.#each('replays'))
    const kept = [{ labels: {}, value: this.#sources.kept.held }]
    yield gauge('replay_bytes', 'Bytes of request bodies kept in memory for a retry.', kept)
    yield counter('cache_total', 'Requests that match a cache rule, by outcome.', this.#each('cache'))
    yield counter('failures_total', 'Requests that ended with a problem, by problem type.', this.#each('failures'))
    yield counter('session_calls_total', 'Logins and session extensions, by outcome.', this.#each('calls'))
    const deprecated = [...this.#sources.deprecatedCalls.all()].map(samplesOfCall)
    yield counter('deprecated_requests_total', 'Requests for deprecated operations of the API, by client.', deprecated)
    const lost = [{ labels: {}, value: this.#sources.auditLinesLost() }]
    yield counter('audit_lines_lost_total', 'Audit log lines that could not be written.', lost)
    const entries = [...this.#sessions().all()]
    yield gauge('session_state', '1 for the current state of a session, 0 for all others.', entries.flatMap(states))
    yield gauge(
      'session_seconds_left',
      'Seconds for which the session token may still be used.',
      entries.map(secondsLeft),
    )
    const expiries = entries.flatMap(({ tenant: { name } }) => expiry(name, this.#sources.keyExpiries.of(name)))
    yield gauge('access_key_expiry_timestamp_seconds', 'When the access key expires, in seconds since 1970.', expiries)
    yield* pacing([...this.#sources.pacer.endpoints()])
    if (this.#sources.fleet) yield* fleetFamilies(this.#sources.fleet)
  }

  *#each(what: 'requests' | 'duration' | 'upstream' | 'replays' | 'cache' | 'failures' | 'calls'): Generator<Sample> {
    for (const [tenant, tally] of this.#tallies) yield* tally[what](tenant)
  }
}

/** The metrics of each endpoint. A sample is omitted while its value is unknown. */
const ENDPOINT_METRICS: readonly (readonly [
  type: Family['type'],
  name: string,
  help: string,
  value: (status: EndpointStatus) => number | undefined,
])[] = [
  ['gauge', 'limit_rate', 'Rate limit of the endpoint, in requests per second.', ({ limit }) => limit?.rate],
  ['gauge', 'limit_burst', 'Requests that the rate limit allows at once.', ({ limit }) => limit?.burst],
  [
    'gauge',
    'limit_remaining',
    'Requests that the rate limit allows at once right now.',
    ({ limit }) => limit?.remaining,
  ],
  ['gauge', 'queue_length', 'Requests waiting for the rate limit.', ({ waiting }) => waiting],
  ['counter', 'waits_total', 'Requests that had to wait for the rate limit.', ({ counts }) => counts.waits],
  [
    'counter',
    'wait_seconds_total',
    'Total time that requests waited for the rate limit.',
    ({ counts }) => counts.waitSeconds,
  ],
  [
    'counter',
    'refusals_total',
    'Responses 429 and 503 from the upstream, including retried ones that clients never saw.',
    ({ counts }) => counts.refusals,
  ],
]

/** The number of endpoints is bounded by the pacer, which forgets the least recently used. */
function* pacing(endpoints: readonly EndpointStatus[]): Generator<Family> {
  for (const [type, name, help, value] of ENDPOINT_METRICS) {
    const samples = endpoints.flatMap(status => {
      const { tenant, endpoint } = status
      const known = value(status)
      return known === undefined ? [] : [{ labels: { tenant, endpoint }, value: known }]
    })
    yield family(type)(name, help, samples)
  }
}

function samplesOfCall({ tenant, client, method, operation, requests }: DeprecatedCall): Sample {
  return { labels: { tenant, client: client ?? '', operation, method }, value: requests }
}

function states({ tenant, session }: TenantEntry): Sample[] {
  const current = session?.status().state ?? 'idle'
  return STATES.map(state => ({ labels: { tenant: tenant.name, state }, value: state === current ? 1 : 0 }))
}

function secondsLeft({ tenant, session }: TenantEntry): Sample {
  return { labels: { tenant: tenant.name }, value: session?.status().secondsLeft ?? 0 }
}

/** No sample if the access key does not expire, or if that is not known. */
function expiry(tenant: string, expiresAt: KeyExpiry): Sample[] {
  return typeof expiresAt === 'number' ? [{ labels: { tenant }, value: expiresAt / 1000 }] : []
}
