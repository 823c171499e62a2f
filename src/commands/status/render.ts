import type {
  BriefStatus,
  DeprecatedStatus,
  FleetStatus,
  KeyStatus,
  PacingStatus,
  Status,
  TenantStatus,
} from '../../admin/status.ts'
import { expiryNotice } from '../../auth/key-expiry.ts'
import { oneLine } from '../../problem/text.ts'
import type { SessionStatus } from '../../session/report.ts'
import type { Paint } from '../terminal/colour.ts'
import { duration } from './duration.ts'
import { type Cell, table } from './table.ts'

/** The most characters of a reason, parts of which come from the upstream. */
const LONGEST_REASON = 300

/** The colours of the states of sessions; the others have none. */
const STATE_COLOURS: Partial<Record<SessionStatus['state'], Parameters<Paint>[0]>> = {
  ready: 'green',
  'backing-off': 'yellow',
  rejected: 'red',
}

const EXPIRY_COLOURS = { warn: 'yellow', error: 'red' } as const

const NONE = '-'

const ONLY_BRIEF =
  'Only admins see tenants, rate limits and fleet: use --token-file with the token of a client that has admin: true.'

/** How to show a status. */
export interface RenderOptions {
  readonly paint: Paint
  /** The current time, in milliseconds since the epoch. */
  readonly now: number
}

/** Describes a status for people, as lines for a terminal. Control characters from elsewhere are removed. */
export function renderStatus(status: BriefStatus | Status, { paint, now }: RenderOptions): string[] {
  const { version, uptime, ready } = status
  const state = paint(ready ? 'green' : 'red', stateOf(status))
  const headline = `prismacloud-proxy ${oneLine(version, LONGEST_REASON)}, up ${duration(uptime)}, ${state}`
  if (!isWhole(status)) return [headline, '', ONLY_BRIEF]
  const { tenants, pacing, fleet, deprecated } = status
  const sections = [
    [headline],
    tenantLines(tenants, paint, now),
    limitLines(pacing, paint),
    fleet ? fleetLines(fleet, paint, now) : [],
    deprecatedLines(deprecated, paint, now),
  ]
  return sections.filter(lines => lines.length > 0).flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]))
}

function stateOf(status: BriefStatus | Status): string {
  if (status.ready) return 'ready'
  if (!isWhole(status)) return 'not ready'
  const names = status.waitingFor.map(({ tenant }) => tenant)
  return names.length === 0 ? 'shutting down' : oneLine(`not ready: waiting for ${names.join(', ')}`, LONGEST_REASON)
}

function isWhole(status: BriefStatus | Status): status is Status {
  return 'tenants' in status
}

function tenantLines(tenants: Status['tenants'], paint: Paint, now: number): string[] {
  const headings = ['TENANT', 'API', 'SESSION', 'LEFT', 'LOGINS', 'EXTENDED', 'KEY EXPIRES', 'REQUESTS', 'FAILED']
  const entries = Object.entries(tenants)
  const rows = entries.map(([name, tenant]): Cell[] => {
    const { session, accessKey, counters } = tenant
    const { requests, failures, logins, extensions } = counters
    const left = session && session.secondsLeft > 0 ? duration(session.secondsLeft) : NONE
    const expiry = expiryCell(accessKey, now)
    return [name, apiOf(tenant), stateCell(session), left, logins, extensions, expiry, requests, failures]
  })
  const notes = entries.flatMap(([name, { session, successor }]) => [
    ...noteOf(`tenant ${name}`, session),
    ...noteOf(`tenant ${name}, new access key`, successor ?? null),
  ])
  return [...table(headings, rows, paint), ...notes.map(note => paint('red', note))]
}

function apiOf({ stack, api }: TenantStatus): string {
  return stack === null ? api : `${stack} (${new URL(api).host})`
}

function stateCell(session: SessionStatus | null): Cell {
  const state = session?.state ?? 'idle'
  const colour = STATE_COLOURS[state]
  return colour ? [colour, state] : state
}

function expiryCell({ expiry, expiresAt }: KeyStatus, now: number): Cell {
  if (expiresAt === null) return expiry
  const date = expiresAt.replace(/T.*/, '')
  const { level } = expiryNotice(Date.parse(expiresAt), now)
  return level === 'info' ? date : [EXPIRY_COLOURS[level], date]
}

/** Why a session does not log in, if it does not. */
function noteOf(subject: string, session: SessionStatus | null): string[] {
  const hasFailed = session?.state === 'backing-off' || session?.state === 'rejected'
  if (!hasFailed || !session.lastError) return []
  return [oneLine(`${subject}: ${session.state}: ${session.lastError.reason}`, LONGEST_REASON)]
}

function limitLines({ endpoints }: PacingStatus, paint: Paint): string[] {
  if (endpoints.length === 0) return []
  const headings = ['TENANT', 'ENDPOINT', 'LEVEL', 'RATE', 'WAITING', 'PAUSED', 'REFUSED']
  const rows = endpoints.map(({ tenant, endpoint, limit, waiting, pause, counts }): Cell[] => [
    tenant,
    endpoint,
    limit ? markedIf(limit.remaining < 1, 'yellow', `${limit.remaining}/${rounded(limit.burst)}`) : NONE,
    limit ? `${rounded(limit.rate)}/s` : NONE,
    markedIf(waiting > 0, 'yellow', `${waiting}`),
    pause > 0 ? ['yellow', duration(Math.ceil(pause / 1000))] : NONE,
    markedIf(counts.refusals > 0, 'red', `${counts.refusals}`),
  ])
  return table(headings, rows, paint)
}

function markedIf(isMarked: boolean, format: Parameters<Paint>[0], text: string): Cell {
  return isMarked ? [format, text] : text
}

function rounded(number: number): number {
  return Math.round(number * 100) / 100
}

function fleetLines({ name, state, reason, members }: FleetStatus, paint: Paint, now: number): string[] {
  const headline = oneLine(`fleet ${name}: Redis is ${state}${reason === null ? '' : `: ${reason}`}`, LONGEST_REASON)
  const rows = members.map(({ name, isThis, version, started, requests, lastRenewal }): Cell[] => [
    isThis ? ['bold', `${name} (this)`] : name,
    version,
    ageOf(started, now),
    requests,
    lastRenewal === null ? 'never' : `${ageOf(lastRenewal, now)} ago`,
  ])
  return [
    state === 'down' ? paint('red', headline) : headline,
    ...table(['MEMBER', 'VERSION', 'UP', 'REQUESTS', 'LAST LOGIN'], rows, paint),
  ]
}

function deprecatedLines(deprecated: readonly DeprecatedStatus[], paint: Paint, now: number): string[] {
  if (deprecated.length === 0) return []
  const rows = deprecated.map(({ method, operation, tenant, client, requests, last }): Cell[] => [
    `${method} ${operation}`,
    tenant,
    client ?? NONE,
    requests,
    `${ageOf(last, now)} ago`,
  ])
  return table(['DEPRECATED OPERATION', 'TENANT', 'CLIENT', 'REQUESTS', 'LAST'], rows, paint)
}

function ageOf(time: string, now: number): string {
  return duration((now - Date.parse(time)) / 1000)
}
