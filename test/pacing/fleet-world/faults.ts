import { NO_LOSSES } from '../../fleet/world/shaky-store.ts'
import { MINUTE, SECOND } from '../../fleet/world/true-time.ts'
import type { Random } from '../../support/random.ts'
import type { BudgetLife } from './life.ts'
import type { Member } from './member.ts'

/** The faults, one of which a world may have. */
export const FAULTS = [
  'none',
  'third party',
  'store gone',
  'store restarted empty',
  'store lossy',
  'killed',
  'stalled',
  'joined and left',
  'clock set',
  'unavailable',
  'requests lost',
  'unlimited',
] as const

export type FaultKind = (typeof FAULTS)[number]

/** Plans the fault of a world, from a time on and for as long. */
export function strike(life: BudgetLife, random: Random, from: number): void {
  const at = (when: number, run: () => void) =>
    life.time.at(when, () => {
      life.findings.tell(`happens: ${life.kind}`)
      life.peace.disturb()
      run()
    })
  const some = () => random.pick([...life.members] as [Member, ...Member[]])
  switch (life.kind) {
    case 'third party':
      life.third(life.limit.rate / 3)
      return
    case 'store gone':
    case 'store restarted empty':
      at(from, () => life.store.leave())
      at(2 * from, () => {
        if (life.kind === 'store restarted empty') life.store.store.flush()
        life.store.return()
      })
      return
    case 'store lossy':
      at(from, () => {
        life.store.losses = { request: 0.01, reply: 0.01, late: 0.02, news: 0.3 }
      })
      at(2 * from, () => {
        life.store.losses = NO_LOSSES
      })
      return
    case 'killed':
      at(from, () => {
        const member = some()
        member.machine.die()
        life.goes(member)
      })
      return
    case 'stalled':
      at(from, () => some().machine.stall(Math.min(from, 15 * SECOND)))
      return
    case 'joined and left':
      at(from, () => life.join())
      at(2 * from, () => {
        const member = some()
        life.goes(member)
        member.leave()
      })
      return
    case 'clock set':
      at(from, () => life.store.jump(random.pick([-1, 1]) * random.spread(SECOND, 5 * MINUTE)))
      return
    case 'unavailable':
      at(from, () => {
        life.isUnavailable = true
      })
      at(from + 2.5 * SECOND, () => {
        life.isUnavailable = false
      })
      return
    case 'requests lost':
      at(from, () => {
        life.losesAll = true
      })
      at(from + SECOND / 2, () => {
        life.losesAll = false
      })
  }
}
