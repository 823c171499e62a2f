import type { RateLimit, Refill } from '../../../src/simulator/rate-limits.ts'
import { SECOND } from '../../fleet/world/true-time.ts'
import type { Findings } from '../../session/world/findings.ts'
import type { FaultKind } from './faults.ts'
import type { Member } from './member.ts'

/** The fraction of a limit that is used. A pacer that refills all the time wastes some of what comes in steps. */
const USED = { continuous: 0.95, stepwise: 0.8 }

/** The fraction of requests that the upstream may refuse, beside those of the first moments. */
const RARE = { continuous: 0.02, stepwise: 0.05 }

/** For how many seconds nothing can be served because of a fault. */
const LOST_SECONDS: Readonly<Partial<Record<FaultKind, number>>> = { unavailable: 4, 'requests lost': 1 }

/** The fraction that it may refuse while each member goes on alone. */
const RARE_ALONE = { continuous: 0.01, stepwise: 0.1 }

/**
 * How far the shares of members may be apart, as a fraction of the mean. If the store answers some and not others, those
 * that it answers take what the others leave.
 */
const SPREAD: Readonly<Partial<Record<FaultKind, number>>> = { 'store lossy': 0.5 }

/** How long a member that is gone may keep the others waiting, in milliseconds, beside the time of their tokens. */
const BLOCKED = SECOND

/** What happened in a world. The lists have one number for each phase: before, during and after the fault. */
export interface History {
  readonly kind: FaultKind
  readonly limit: RateLimit
  readonly refill: Refill
  readonly seconds: number
  /** Those that are there in the end. */
  readonly members: readonly Member[]
  readonly servedInAll: number
  readonly servedToOthers: number
  readonly refused: readonly number[]
  readonly sent: readonly number[]
  /** The longest time without a request, in milliseconds. */
  readonly gaps: readonly number[]
}

/** Checks what a fleet promises about a limit that it shares. */
export function judge(findings: Findings, history: History): void {
  const { kind, limit, refill, seconds, members } = history
  const { rate, burst } = limit
  const served = members.map(member => member.served - member.servedEarly)
  const lost = LOST_SECONDS[kind] ?? 0
  const left = burst + rate * (seconds - lost) - history.servedToOthers
  const share = history.servedInAll / left
  // after a fault one member may find a full bucket
  const once = kind === 'none' || kind === 'third party' ? 3 : burst
  const spread = Math.max(0, Math.max(...served) - Math.min(...served) - once) / (total(served) / served.length)
  const [refused, sent] = [total(history.refused), total(history.sent)]
  const longest = Math.max(...members.map(member => member.longest))
  const step = refill === 'stepwise' ? SECOND : 0
  const turn = SECOND / rate
  const measured = { share, spread, served, refused: history.refused, sent: history.sent, gaps: history.gaps, longest }
  findings.tell('measured', JSON.stringify(measured))
  findings.count('sent', sent)
  findings.count('refused by the upstream', refused)
  findings.expect(share >= USED[refill], 'the limit is used up', share)
  findings.expect(refused <= burst + sent * RARE[refill], 'refusals are rare', refused)
  if (kind !== 'stalled' && kind !== 'joined and left')
    findings.expect(spread <= (SPREAD[kind] ?? 0.15), 'members get the same share', served)
  if (kind !== 'stalled') {
    const most = 2 * served.length * turn + 4 * SECOND + lost * SECOND
    findings.expect(longest <= most, 'no member starves', longest)
  }
  const gap = Number(history.gaps[1])
  if (kind === 'killed') findings.expect(gap <= BLOCKED + 2.5 * turn + step, 'a dead member blocks nobody', gap)
  const alone = Number(history.refused[1])
  if (kind === 'store gone' || kind === 'store restarted empty')
    findings.expect(
      alone <= 5 + RARE_ALONE[refill] * Number(history.sent[1]),
      'without the store members share the limit',
      alone,
    )
}

export function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0)
}
