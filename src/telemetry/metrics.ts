import type { Budget } from '../kernel/budget.ts'
import { ensure } from '../kernel/ensure.ts'
import type { EndpointStatus, Pacer } from '../pacing/pacer.ts'
import type { Exchange } from '../request/exchange.ts'
import type { Sessions, SessionsEvents, TenantEntry } from '../session/sessions.ts'
import { transitions } from '../session/states.ts'
import { CounterRows, Tally, type TenantCounts } from './counters.ts'
import { expose, type Family, type Sample } from './exposition.ts'

const STATES = Object.keys(transitions)

/** What tells the metrics what they do not count themselves. */
export interface MetricsSources {
  readonly pacer: Pacer
  /** For the bodies of requests. */
  readonly kept: Budget
  readonly auditLinesLost: () => number
}

/** What the proxy counts of itself. Labels are bounded: tenants are configured, methods, classes and outcomes are few. */
export class Metrics {
  readonly #sessions: () => Sessions
  readonly #pacer: Pacer
  readonly #kept: Budget
  readonly #auditLinesLost: () => number
  readonly #tallies = new Map<string, Tally>()
  readonly #rows = new CounterRows()
  #inFlight = 0

  constructor(sessions: () => Sessions, { pacer, kept, auditLinesLost }: MetricsSources) {
    this.#sessions = sessions
    this.#pacer = pacer
    this.#kept = kept
    this.#auditLinesLost = auditLinesLost
  }

  started(): void {
    this.#inFlight++
  }

  /** An exchange ended; `status` is 0 where the client did not get all of an answer. `seconds` is the whole of it. */
  finished(exchange: Exchange, status: number, seconds: number): void {
    this.#inFlight--
    this.#tally(exchange.tenant ?? '').ended(exchange, status, seconds)
  }

  /** To be told of a tenant's auth calls. */
  readonly sessionCalled: SessionsEvents['called'] = (tenant, call, outcome) =>
    this.#tally(tenant).called(call, outcome)

  counts(tenant: string): TenantCounts {
    return this.#tally(tenant).counts
  }

  /** In the Prometheus text format. */
  render(): string {
    return expose(this.#families())
  }

  #tally(tenant: string): Tally {
    return ensure(this.#tallies, tenant, () => new Tally(this.#rows))
  }

  *#families(): Generator<Family> {
    yield counter('requests_total', 'Requests answered, by tenant, method and status class.', this.#each('requests'))
    const [whole, upstream] = [this.#each('duration'), this.#each('upstream')]
    yield histogram('request_duration_seconds', 'From the request to the end of its answer.', whole)
    const ofTheUpstream = "From the request's being sent to the headers of the upstream's answer."
    yield histogram('upstream_duration_seconds', ofTheUpstream, upstream)
    yield gauge('requests_in_flight', 'Requests being served.', [{ labels: {}, value: this.#inFlight }])
    yield counter('replays_total', 'Requests sent to the upstream a second time.', this.#each('replays'))
    const kept = [{ labels: {}, value: this.#kept.held }]
    yield gauge('replay_bytes', 'Bytes of request bodies that are kept so that they can be sent again.', kept)
    yield counter('cache_total', 'Requests that a cache rule is for, by what became of them.', this.#each('cache'))
    yield counter('failures_total', 'Requests that ended with a problem, by its type.', this.#each('failures'))
    yield counter('session_calls_total', 'Logins and extensions, by outcome.', this.#each('calls'))
    const lost = [{ labels: {}, value: this.#auditLinesLost() }]
    yield counter('audit_lines_lost_total', 'Lines of the audit that could not be written.', lost)
    const entries = [...this.#sessions().all()]
    yield gauge('session_state', 'The state that a session is in has the value 1.', entries.flatMap(states))
    yield gauge('session_seconds_left', 'How long the live token may still be used.', entries.map(secondsLeft))
    yield* pacing([...this.#pacer.endpoints()])
  }

  *#each(what: 'requests' | 'duration' | 'upstream' | 'replays' | 'cache' | 'failures' | 'calls'): Generator<Sample> {
    for (const [tenant, tally] of this.#tallies) yield* tally[what](tenant)
  }
}

/** What is told of each endpoint, where it is known. */
const OF_ENDPOINTS: readonly (readonly [
  type: Family['type'],
  name: string,
  help: string,
  value: (status: EndpointStatus) => number | undefined,
])[] = [
  ['gauge', 'limit_rate', "The endpoint's rate limit, in requests a second.", ({ limit }) => limit?.rate],
  ['gauge', 'limit_burst', 'Requests that the limit takes at once.', ({ limit }) => limit?.burst],
  ['gauge', 'limit_remaining', 'Requests that it takes at once now.', ({ limit }) => limit?.remaining],
  ['gauge', 'queue_length', 'Requests that wait for their turn.', ({ waiting }) => waiting],
  ['counter', 'waits_total', 'Requests that had to wait for their turn.', ({ counts }) => counts.waits],
  ['counter', 'wait_seconds_total', 'How long those waited.', ({ counts }) => counts.waitSeconds],
  [
    'counter',
    'refusals_total',
    'Answers 429 and 503 of the upstream, those that the client never saw too.',
    ({ counts }) => counts.refusals,
  ],
]

/** No more endpoints are known than the pacer keeps. */
function* pacing(endpoints: readonly EndpointStatus[]): Generator<Family> {
  for (const [type, name, help, value] of OF_ENDPOINTS) {
    const samples = endpoints.flatMap(status => {
      const { tenant, endpoint } = status
      const known = value(status)
      return known === undefined ? [] : [{ labels: { tenant, endpoint }, value: known }]
    })
    yield family(type)(name, help, samples)
  }
}

function states({ tenant, session }: TenantEntry): Sample[] {
  const current = session?.status().state ?? 'idle'
  return STATES.map(state => ({ labels: { tenant: tenant.name, state }, value: state === current ? 1 : 0 }))
}

function secondsLeft({ tenant, session }: TenantEntry): Sample {
  return { labels: { tenant: tenant.name }, value: session?.status().secondsLeft ?? 0 }
}

const counter = family('counter')
const gauge = family('gauge')
const histogram = family('histogram')

function family(type: Family['type']) {
  return (name: string, help: string, samples: Iterable<Sample>): Family => {
    return { name: `prismacloud_proxy_${name}`, help, type, samples }
  }
}
