import type { Status, TenantStatus } from '../../admin/status.ts'
import { problemTypes } from '../../problem/catalogue.ts'
import type { Row } from '../state.ts'
import { cureOf } from './cure.ts'
import { counted, duration } from './format.ts'

/** Something that is wrong now, or will be, and what to do. */
export interface Finding {
  readonly kind: 'bad' | 'warn'
  readonly title: string
  readonly text: string
  /** The problem type, whose page says more. */
  readonly problem?: string
}

/** What findings are made from. What is not known is null. Times are in milliseconds since the epoch. */
export interface Observed {
  readonly now: number
  readonly sessions: Pick<Status, 'tenants'> | null
  readonly limits: Status['pacing'] | null
  readonly fleet: Status['fleet'] | null
  /** The latest requests, the newest first. */
  readonly rows: readonly Row[]
}

/** How long problems of requests are told, in milliseconds. */
const RECENT = 5 * 60_000

/** How long before the expiry of an access key people are told, in milliseconds. */
const KEY_WARNING = 14 * 24 * 3_600_000

/** How many types of problems are told. */
const MOST_PROBLEMS = 5

/** Everything that is wrong now, the worst first. */
export function findingsOf({ now, sessions, limits, fleet, rows }: Observed): Finding[] {
  const tenants = Object.entries(sessions?.tenants ?? {})
  const found = [
    ...tenants.flatMap(([name, tenant]) => [...sessionFinding(name, tenant), ...keyFinding(name, tenant, now)]),
    ...problemFindings(rows.filter(({ startedAt }) => now - startedAt < RECENT)),
    ...limitFindings(limits),
    ...fleetFinding(fleet),
  ]
  return found.sort((one, other) => Number(one.kind === 'warn') - Number(other.kind === 'warn'))
}

function sessionFinding(name: string, { session }: TenantStatus): Finding[] {
  if (!session?.lastError || (session.state !== 'rejected' && session.state !== 'backing-off')) return []
  const problem = session.state === 'rejected' ? 'credentials-rejected' : 'session-unavailable'
  const isServing = session.secondsLeft > 0
  const still = isServing ? ` Its token still serves requests for ${duration(session.secondsLeft * 1_000)}.` : ''
  return [
    {
      kind: isServing ? 'warn' : 'bad',
      title: `Tenant ${name} ${isServing ? 'cannot renew its session' : 'has no session'}`,
      text: `${sentence(session.lastError.reason)}${still} ${problemTypes[problem].cure}`,
      problem,
    },
  ]
}

function keyFinding(name: string, { accessKey: { expiresAt } }: TenantStatus, now: number): Finding[] {
  if (expiresAt === null) return []
  const left = Date.parse(expiresAt) - now
  if (left > KEY_WARNING) return []
  return [
    {
      kind: left > 0 ? 'warn' : 'bad',
      title: `The access key of tenant ${name} ${left > 0 ? `expires in ${duration(left)}` : 'has expired'}`,
      text: 'Create another one in the console (Settings > Access Keys) and put it where the tenant reads it.',
    },
  ]
}

function problemFindings(recent: readonly Row[]): Finding[] {
  const byType = new Map<string, { readonly latest: string; count: number }>()
  for (const { problem } of recent) {
    if (!problem) continue
    const known = byType.get(problem.type)
    if (known) known.count++
    else byType.set(problem.type, { latest: problem.detail, count: 1 })
  }
  const most = [...byType].sort(([, one], [, other]) => other.count - one.count).slice(0, MOST_PROBLEMS)
  return most.map(([type, { latest, count }]) => {
    return {
      kind: 'bad',
      title: `${counted(count, 'request')} failed with ${type} in the last 5 minutes`,
      text: `The latest: ${sentence(latest)} ${cureOf(type) ?? ''}`,
      problem: type,
    }
  })
}

function limitFindings(limits: Status['pacing'] | null): Finding[] {
  return (limits?.endpoints ?? [])
    .filter(({ pause, waiting }) => pause > 0 || waiting > 0)
    .map(({ tenant, endpoint, pause, waiting }) => ({
      kind: 'warn',
      title:
        pause > 0
          ? `Prisma Cloud refuses ${endpoint} for a while`
          : `${counted(waiting, 'request')} ${waiting === 1 ? 'waits' : 'wait'} for ${endpoint}`,
      text:
        pause > 0
          ? `The rate limit of tenant ${tenant} is used up, perhaps by others with the same key. The proxy goes on by itself.`
          : `The rate limit of tenant ${tenant} delays them. Ask for less at one time, or for larger pages.`,
    }))
}

function fleetFinding(fleet: Status['fleet'] | null): Finding[] {
  if (fleet?.state !== 'down') return []
  return [
    {
      kind: 'warn',
      title: 'The fleet cannot use its Redis',
      text: `${sentence(fleet.reason ?? 'No reason is known')} Each proxy goes on by itself; check the Redis at fleet.redisUrl.`,
    },
  ]
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
