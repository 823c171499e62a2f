import type { KeyExpiry } from '../auth/key-expiry.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Member } from '../fleet/members.ts'
import type { StoreState } from '../fleet/store.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndpointStatus, Pacer } from '../pacing/pacer.ts'
import type { Drain } from '../server/drain.ts'
import type { KeyExpiries } from '../session/key-expiries.ts'
import type { SessionStatus } from '../session/report.ts'
import type { Sessions, TenantEntry } from '../session/sessions.ts'
import type { DeprecatedCall, DeprecatedCalls } from '../telemetry/deprecated-calls.ts'
import type { TenantCounts } from '../telemetry/metrics/counters.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'
import { type Readiness, readiness } from './readiness.ts'

/** What `/_proxy/status` says to every client. */
export interface BriefStatus {
  readonly version: string
  /** For how many whole seconds the proxy has run. */
  readonly uptime: number
  /** Whether clients should send requests. */
  readonly ready: boolean
}

/** What `/_proxy/status` says to admins, as JSON. Nothing in it is a secret. */
export interface Status extends BriefStatus {
  /** The tenants that are not ready, with the reason. */
  readonly waitingFor: Readiness['waitingFor']
  /** Every configured tenant, by its name. */
  readonly tenants: Readonly<Record<string, TenantStatus>>
  readonly pacing: PacingStatus
  /** Absent unless the proxy belongs to a fleet. */
  readonly fleet?: FleetStatus
  /** The deprecated operations that clients still call, one entry per tenant, client and operation, the latest call first. */
  readonly deprecated: readonly DeprecatedStatus[]
}

/** A tenant in {@link Status}. */
export interface TenantStatus {
  /** The name of the stack; null if the API is at an address of its own. */
  readonly stack: string | null
  /** The origin of the API. */
  readonly api: string
  /** Whether the tenant logs in only when a request needs it. */
  readonly lazy: boolean
  /** Null until the tenant is used, and once its session has become idle. */
  readonly session: SessionStatus | null
  /** The session of a new access key, which replaces `session` once it has a token; absent unless there is one. */
  readonly successor?: SessionStatus
  readonly accessKey: KeyStatus
  readonly counters: TenantCounts
}

/** When the access key of a tenant expires. */
export interface KeyStatus {
  /** `dated` if it expires at a known time; otherwise as {@link KeyExpiry}. */
  readonly expiry: Exclude<KeyExpiry, number> | 'dated'
  /** In ISO 8601; null unless `dated`. */
  readonly expiresAt: string | null
}

/** The rate limits in {@link Status}. */
export interface PacingStatus {
  /** The number of waiting requests, over all endpoints. */
  readonly waiting: number
  /** The endpoints that have a limit or where requests waited or were refused, most recently used first. */
  readonly endpoints: readonly EndpointStatus[]
}

/** The fleet in {@link Status}. */
export interface FleetStatus {
  readonly name: string
  /** Whether its Redis is up. */
  readonly state: StoreState
  /** Why its Redis is down; null unless it is. */
  readonly reason: string | null
  /** All members, this one included, sorted by name. */
  readonly members: readonly MemberStatus[]
}

/** A member of a fleet in {@link FleetStatus}. Times are in ISO 8601, by the clock of the member. */
export interface MemberStatus extends Pick<Member, 'name' | 'version' | 'requests'> {
  /** Whether it is the proxy that reports. */
  readonly isThis: boolean
  readonly started: string
  /** When this member last made an auth call that succeeded, in ISO 8601; null if it never did. */
  readonly lastRenewal: string | null
}

/** The calls of a client to a deprecated operation in {@link Status}. */
export interface DeprecatedStatus extends Omit<DeprecatedCall, 'lastAt'> {
  /** The time of the last one, in ISO 8601. */
  readonly last: string
}

/** What a status is made of. */
export interface StatusSources {
  readonly version: string
  readonly clock: Clock
  /** When the proxy started, on the monotonic clock. */
  readonly startedAt: number
  readonly sessions: Sessions
  readonly keyExpiries: KeyExpiries
  readonly metrics: Metrics
  readonly pacer: Pacer
  readonly deprecatedCalls: DeprecatedCalls
  /** The fleet that this proxy belongs to, if any. */
  readonly fleet: Fleet | null
  readonly drain: Pick<Drain, 'isDraining'>
}

/** The part of the status that reveals nothing about the activity of clients. */
export function briefStatus({ version, clock, startedAt, sessions, drain }: StatusSources): BriefStatus {
  const uptime = Math.round((clock.monotonic() - startedAt) / 1000)
  return { version, uptime, ready: readiness(sessions, drain.isDraining).ready }
}

/** The whole status. Sessions and rate limits are shared, so it reveals the activity of all clients. */
export function statusOf(sources: StatusSources): Status {
  const { pacer, fleet, deprecatedCalls } = sources
  return {
    ...briefStatus(sources),
    ...sessionsStatus(sources),
    pacing: pacingStatus(pacer),
    ...(fleet && { fleet: fleetStatus(fleet) }),
    deprecated: [...deprecatedCalls.all()].map(deprecatedStatus),
  }
}

/** The part of the status that is about tenants and their sessions. */
export function sessionsStatus({
  sessions,
  keyExpiries,
  metrics,
  drain,
}: StatusSources): Pick<Status, 'ready' | 'waitingFor' | 'tenants'> {
  const { ready, waitingFor } = readiness(sessions, drain.isDraining)
  const status = (entry: TenantEntry) => {
    const { name } = entry.tenant
    return [name, tenantStatus(entry, keyExpiries.of(name), metrics.counts(name))] as const
  }
  return { ready, waitingFor, tenants: Object.fromEntries([...sessions.all()].map(status)) }
}

/** The part of the status that is about rate limits. It lists at most `max` endpoints; default: all. */
export function pacingStatus(pacer: Pacer, max?: number): PacingStatus {
  return { waiting: pacer.waiting, endpoints: [...pacer.endpoints(max)] }
}

/** The part of the status that is about the fleet. */
export function fleetStatus({ name, member, store, members }: Fleet): FleetStatus {
  return {
    name,
    state: store.state,
    reason: store.reason,
    members: members.all.map(({ id, startedAt, renewedAt, ...said }) => ({
      ...said,
      isThis: id === member,
      started: new Date(startedAt).toISOString(),
      lastRenewal: renewedAt === 0 ? null : new Date(renewedAt).toISOString(),
    })),
  }
}

function deprecatedStatus({ lastAt, ...call }: DeprecatedCall): DeprecatedStatus {
  return { ...call, last: new Date(lastAt).toISOString() }
}

function tenantStatus(
  { tenant, session, candidate }: TenantEntry,
  expiry: KeyExpiry,
  counters: TenantCounts,
): TenantStatus {
  const { stack, origin: api } = tenant.api
  return {
    stack,
    api,
    lazy: tenant.lazy,
    session: session?.status() ?? null,
    // the candidate that replaces the session once it has a token
    ...(candidate && { successor: candidate.status() }),
    accessKey: keyStatus(expiry),
    counters,
  }
}

function keyStatus(expiry: KeyExpiry): KeyStatus {
  if (typeof expiry !== 'number') return { expiry, expiresAt: null }
  return { expiry: 'dated', expiresAt: new Date(expiry).toISOString() }
}
