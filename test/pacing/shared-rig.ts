import type { Test } from 'tap'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Pacer } from '../../src/pacing/pacer.ts'
import type { Permit } from '../../src/pacing/permit.ts'
import { SharedLimit, type ShareLimit } from '../../src/pacing/shared/shared-limit.ts'
import { member, TestStore } from '../fleet/rig.ts'
import { type TestClock, testClock } from '../support/clock.ts'

/** A response of the upstream: its status and its rate limit headers, which are left out without a limit. */
export interface TestAnswer {
  readonly status?: number
  readonly rate?: number
  readonly burst?: number
  readonly remaining?: number
  readonly retryAfter?: number
}

/** The pacer of one member. */
export interface PacingMember {
  readonly pacer: Pacer
  readonly fleet: Fleet
  /** Asks for a permit. */
  ask(tenant?: string): Promise<Permit | undefined>
  /** Asks for so many permits at once, and returns a list that grows as they are granted. */
  askFor(count: number, tenant?: string): (Permit | undefined)[]
  /** Passes on a response. */
  answered(permit: Permit | undefined, answer: TestAnswer): void
}

/** Members of a fleet on one test clock, whose requests go to one endpoint. */
export interface SharedPacing {
  readonly clock: TestClock
  readonly store: TestStore
  readonly members: PacingMember[]
  /** The user of each member. Default: the same. */
  user: (member: number) => Secret | undefined
  /** How many scripts ran in the store since the last time, by name. */
  ran(): Record<string, number>
}

const DECLARED = { rate: 10, burst: 5 }

export async function sharedPacing(
  t: Test,
  count: number,
  declared: typeof DECLARED | null = DECLARED,
  maxQueue = 1000,
) {
  const clock = testClock()
  const store = new TestStore(clock)
  const endpoint = { key: 'default GET /x', declared: declared ?? undefined }
  const users = [new Secret('MARK-user')]
  const signal = new EndController('the client has left')
  let seen = 0
  const rig: SharedPacing = {
    clock,
    store,
    user: () => users[0],
    ran() {
      const names = store.traffic.slice(seen).flatMap(line => /^\["([\w-]+)"/.exec(line)?.[1] ?? [])
      seen = store.traffic.length
      const isOurs = (name: string) => ['draw', 'spend', 'give-back', 'report'].includes(name)
      const counts: Record<string, number> = {}
      for (const name of names.filter(isOurs)) counts[name] = (counts[name] ?? 0) + 1
      return counts
    },
    members: Array.from({ length: count }, (_, number) => {
      const fleet = member(t, store, clock, `member-${number}`)
      const share: ShareLimit = (key, told) =>
        new SharedLimit(
          {
            fleet,
            parts: ['https://api', key.slice(key.indexOf(' '))],
            user: () => rig.user(number),
            drawer: fleet.member,
          },
          told,
        )
      const settings = () => ({ enabled: true, maxWait: 30_000, maxQueue })
      const pacer = new Pacer({ clock, settings, random: () => 0.5, share })
      const ask = async (tenant = 'default') => {
        const asking = { client: 'client', returned: false, waited: 0, signal }
        return pacer.admit({ ...endpoint, key: `${tenant} GET /x` }, asking)
      }
      return {
        pacer,
        fleet,
        ask,
        askFor(count, tenant) {
          const granted: (Permit | undefined)[] = []
          for (let n = 0; n < count; n++)
            ask(tenant).then(
              permit => granted.push(permit),
              () => {},
            )
          return granted
        },
        answered(permit, { status = 200, rate, burst, remaining, retryAfter }) {
          const headers: Record<string, unknown> = {
            'x-ratelimit-replenish-rate': rate,
            'x-ratelimit-burst-capacity': burst,
            'x-ratelimit-remaining': remaining,
            'retry-after': retryAfter,
          }
          const header = (name: string) => (headers[name] === undefined ? undefined : `${headers[name]}`)
          pacer.answered(endpoint, permit, { status, header, attempt: 0 })
        },
      }
    }),
  }
  await clock.advance(10)
  await clock.advance(10)
  return rig
}
