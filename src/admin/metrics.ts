import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Exchange } from '../forward/exchange.ts'
import { FORWARDED_METHODS } from '../forward/plugin.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Sessions, SessionsEvents } from '../session/sessions.ts'
import { transitions } from '../session/states.ts'

const METHODS = new Set(FORWARDED_METHODS)
const STATES = Object.keys(transitions)

/** Seconds; the upstream answers within some tens of milliseconds to some tens of seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What the proxy counts of itself. Labels are bounded: tenants are configured, methods, classes and outcomes are few. */
export interface Metrics {
  started(): void
  /** An exchange ended; `status` is 0 where the client did not get all of an answer. `seconds` is the whole of it. */
  finished(exchange: Exchange, status: number, seconds: number): void
  /** To be told of a tenant's auth calls. */
  readonly sessionCalled: SessionsEvents['called']
  /** In the Prometheus text format. */
  render(): Promise<string>
  readonly contentType: string
  /** Gives what was counted for each tenant so far. */
  counts(): Promise<(tenant: string) => TenantCounts>
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

/** Metrics in a registry of their own, reading the sessions and the pacer when asked. */
export function createMetrics(sessions: () => Sessions, pacer: Pacer): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'prismacloud_proxy_requests_total',
    help: 'Requests answered, by tenant, method and status class.',
    labelNames: ['tenant', 'method', 'status'],
    registers,
  })
  const total = new Histogram({
    name: 'prismacloud_proxy_request_duration_seconds',
    help: 'From the request to the end of its answer.',
    labelNames: ['tenant'],
    buckets: BUCKETS,
    registers,
  })
  const upstream = new Histogram({
    name: 'prismacloud_proxy_upstream_duration_seconds',
    help: "From the request's being sent to the headers of the upstream's answer.",
    labelNames: ['tenant'],
    buckets: BUCKETS,
    registers,
  })
  const inFlight = new Gauge({
    name: 'prismacloud_proxy_requests_in_flight',
    help: 'Requests being served.',
    registers,
  })
  const replays = new Counter({
    name: 'prismacloud_proxy_replays_total',
    help: 'Requests sent to the upstream a second time.',
    labelNames: ['tenant'],
    registers,
  })
  const failures = new Counter({
    name: 'prismacloud_proxy_failures_total',
    help: 'Requests that ended with a problem, by its type.',
    labelNames: ['tenant', 'problem'],
    registers,
  })
  const calls = new Counter({
    name: 'prismacloud_proxy_session_calls_total',
    help: 'Logins and extensions, by outcome.',
    labelNames: ['tenant', 'call', 'outcome'],
    registers,
  })
  gaugesOfSessions(sessions, registers)
  new Gauge({
    name: 'prismacloud_proxy_queue_length',
    help: 'Requests held back by a rate limit.',
    registers,
    collect() {
      this.set(pacer.waiting)
    },
  })
  return {
    started: () => inFlight.inc(),
    finished(exchange, status, seconds) {
      inFlight.dec()
      const tenant = exchange.tenant ?? ''
      const method = METHODS.has(exchange.method) ? exchange.method : 'other'
      requests.inc({ tenant, method, status: status === 0 ? 'aborted' : `${Math.floor(status / 100)}xx` })
      total.observe({ tenant }, seconds)
      if (exchange.spent.upstream > 0) upstream.observe({ tenant }, exchange.spent.upstream / 1000)
      if (exchange.replayed) replays.inc({ tenant })
      if (exchange.failure) failures.inc({ tenant, problem: exchange.failure.type })
    },
    sessionCalled: (tenant, call, outcome) => calls.inc({ tenant, call, outcome }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
    async counts() {
      const sums = await Promise.all([
        sumByTenant(requests),
        sumByTenant(failures),
        sumByTenant(replays),
        sumByTenant(calls, ({ call }) => call === 'login'),
        sumByTenant(calls, ({ call }) => call === 'extend'),
      ])
      return tenant => {
        const [requests = 0, failures = 0, replays = 0, logins = 0, extensions = 0] = sums.map(sum => sum.get(tenant))
        return { requests, failures, replays, logins, extensions }
      }
    },
  }
}

type Labels = Readonly<Record<string, string | number | undefined>>

async function sumByTenant(counter: Counter, isMeant: (labels: Labels) => boolean = () => true) {
  const sums = new Map<unknown, number>()
  for (const { value, labels } of (await counter.get()).values) {
    if (isMeant(labels)) sums.set(labels.tenant, (sums.get(labels.tenant) ?? 0) + value)
  }
  return sums
}

function gaugesOfSessions(sessions: () => Sessions, registers: Registry[]): void {
  new Gauge({
    name: 'prismacloud_proxy_session_state',
    help: 'The state that a session is in has the value 1.',
    labelNames: ['tenant', 'state'],
    registers,
    collect() {
      for (const { tenant, session } of sessions().all()) {
        const current = session?.status().state ?? 'idle'
        for (const state of STATES) this.set({ tenant: tenant.name, state }, state === current ? 1 : 0)
      }
    },
  })
  new Gauge({
    name: 'prismacloud_proxy_session_seconds_left',
    help: 'How long the live token may still be used.',
    labelNames: ['tenant'],
    registers,
    collect() {
      for (const { tenant, session } of sessions().all()) {
        this.set({ tenant: tenant.name }, session?.status().secondsLeft ?? 0)
      }
    },
  })
}
