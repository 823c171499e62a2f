import type { KeyExpiry } from '../../auth/key-expiry.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { Budget } from '../../kernel/budget.ts'
import type { Clock } from '../../kernel/clock.ts'
import { ensure } from '../../kernel/ensure.ts'
import type { Pacer } from '../../pacing/pacer.ts'
import type { Exchange } from '../../request/exchange.ts'
import type { KeyExpiries } from '../../session/key-expiries.ts'
import type { Sessions, SessionsEvents, TenantEntry } from '../../session/sessions.ts'
import { transitions } from '../../session/states.ts'
import type { DeprecatedCall, DeprecatedCalls } from '../deprecated-calls.ts'
import { CounterRows } from './counter-rows.ts'
import { increment, Tally, type TenantCounts } from './counters.ts'
import { type Exposed, expose, exposed, type Format, type Sample, single } from './exposition.ts'
import { FAMILIES } from './families.ts'
import { fleetMetrics } from './fleet-metrics.ts'
import { pacingMetrics } from './pacing-metrics.ts'
import { type ProcessUse, processMetrics, type Runtime } from './process-metrics.ts'

const STATES = Object.keys(transitions)

/** The sources of values that the metrics do not count themselves. */
export interface MetricsSources {
  readonly version: string
  readonly runtime: Runtime
  readonly clock: Clock
  readonly pacer: Pacer
  readonly keyExpiries: KeyExpiries
  /** The memory budget of request bodies kept for a retry. */
  readonly kept: Budget
  readonly auditLinesLost: () => number
  readonly deprecatedCalls: DeprecatedCalls
  /** The fleet that this proxy belongs to, if any. */
  readonly fleet: Fleet | null
  readonly sessions: () => Sessions
  /** Whether clients should send requests. */
  readonly isReady: () => boolean
}

/**
 * The metrics of the proxy. The number of samples is bounded: tenants and clients are configured; of the API's operations,
 * a limited number is named; methods, status classes, problems and outcomes are few.
 */
export class Metrics {
  readonly #sources: MetricsSources
  readonly #tallies = new Map<string, Tally>()
  /** Requests whose tenant never became known, by problem type. */
  readonly #rejected = new Map<string, number>()
  readonly #rows: CounterRows
  #inFlight = 0
  #finished = 0

  constructor(sources: MetricsSources) {
    this.#sources = sources
    this.#rows = new CounterRows(sources.clock)
  }

  started(): void {
    this.#inFlight++
  }

  /** Counts a request that ended after `seconds`. `status` is 0 if the client did not receive a complete response. */
  finished(exchange: Exchange, status: number, seconds: number): void {
    this.#inFlight--
    this.#finished++
    const { tenant, failure } = exchange
    if (tenant === null) increment(this.#rejected, failure?.type ?? 'aborted')
    else this.#tally(tenant).ended(exchange, status, seconds)
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

  /** Renders all metrics in this format. */
  async render(format: Format): Promise<string> {
    return expose(this.#all(await this.#sources.runtime.use()), format)
  }

  #tally(tenant: string): Tally {
    return ensure(this.#tallies, tenant, () => new Tally(tenant, this.#rows))
  }

  *#all(use: ProcessUse): Generator<Exposed> {
    const { version, runtime, kept, auditLinesLost, deprecatedCalls, pacer, fleet } = this.#sources
    yield exposed(
      FAMILIES.requests,
      this.#each(tally => tally.requests()),
    )
    yield exposed(
      FAMILIES.requestDuration,
      this.#each(tally => tally.duration()),
    )
    yield exposed(
      FAMILIES.upstreamDuration,
      this.#each(tally => tally.upstream()),
    )
    yield exposed(
      FAMILIES.clientRequests,
      this.#each(tally => tally.clients()),
    )
    const rejected = [...this.#rejected].map(([problem, value]) => ({ labels: { problem }, value }))
    yield exposed(FAMILIES.rejectedRequests, rejected)
    yield single(FAMILIES.inFlight, this.#inFlight)
    yield exposed(
      FAMILIES.replays,
      this.#each(tally => tally.replays()),
    )
    yield single(FAMILIES.replayBytes, kept.held)
    yield exposed(
      FAMILIES.cacheRequests,
      this.#each(tally => tally.cache()),
    )
    yield exposed(
      FAMILIES.failures,
      this.#each(tally => tally.failures()),
    )
    yield exposed(FAMILIES.deprecatedRequests, [...deprecatedCalls.all()].map(samplesOfCall))
    yield single(FAMILIES.auditLinesLost, auditLinesLost())
    yield* this.#sessions()
    yield* pacingMetrics([...pacer.endpoints()])
    if (fleet) yield* fleetMetrics(fleet)
    yield exposed(FAMILIES.build, [{ labels: { version, node_version: runtime.nodeVersion }, value: 1 }])
    yield* processMetrics(use)
  }

  *#sessions(): Generator<Exposed> {
    const { sessions, isReady, keyExpiries } = this.#sources
    const entries = [...sessions().all()]
    yield single(FAMILIES.ready, isReady() ? 1 : 0)
    yield exposed(
      FAMILIES.sessionCalls,
      this.#each(tally => tally.calls()),
    )
    yield exposed(FAMILIES.sessionState, entries.flatMap(states))
    yield exposed(FAMILIES.sessionExpiry, entries.flatMap(sessionExpiry))
    const ofKeys = entries.flatMap(({ tenant: { name } }) => keyExpiry(name, keyExpiries.of(name)))
    yield exposed(FAMILIES.keyExpiry, ofKeys)
  }

  *#each<Label extends string>(samplesOf: (tally: Tally) => Iterable<Sample<Label>>): Generator<Sample<Label>> {
    for (const tally of this.#tallies.values()) yield* samplesOf(tally)
  }
}

function samplesOfCall({ tenant, client, method, operation, requests }: DeprecatedCall) {
  return { labels: { tenant, client: client ?? '', operation, method }, value: requests }
}

function states({ tenant, session }: TenantEntry): Sample<'tenant' | 'state'>[] {
  const current = session?.status().state ?? 'idle'
  return STATES.map(state => ({ labels: { tenant: tenant.name, state }, value: state === current ? 1 : 0 }))
}

/** No sample unless there is a token that may be sent. */
function sessionExpiry({ tenant, session }: TenantEntry): Sample<'tenant'>[] {
  const lease = session?.peek()
  return lease ? [{ labels: { tenant: tenant.name }, value: lease.end.wall / 1000 }] : []
}

/** No sample if the access key does not expire, or if that is not known. */
function keyExpiry(tenant: string, expiresAt: KeyExpiry): Sample<'tenant'>[] {
  return typeof expiresAt === 'number' ? [{ labels: { tenant }, value: expiresAt / 1000 }] : []
}
