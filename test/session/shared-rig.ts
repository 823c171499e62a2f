import type { Test } from 'tap'
import { AuthFailure } from '../../src/auth/auth-failure.ts'
import type { CredentialSource, TenantConfig } from '../../src/config/config.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { Mutex } from '../../src/kernel/mutex.ts'
import { Secret } from '../../src/kernel/secret.ts'
import type { AuthCall } from '../../src/session/report.ts'
import { Session } from '../../src/session/session.ts'
import type { KnownOutcomes } from '../../src/session/shared/record.ts'
import { sharing } from '../../src/session/shared/share.ts'
import { member, TestStore } from '../fleet/rig.ts'
import { type TestClock, testClock } from '../support/clock.ts'
import { API, IDLE_AFTER, LIFETIME, WAIT_TIMEOUT } from './rig.ts'

/** A session of one member, and how it leaves the fleet. */
export interface SharingMember {
  readonly session: Session
  readonly fleet: Fleet
  readonly told: string[]
  /** Changes the secret key that its next reading gives. */
  changeKey(secretKey: string): void
}

/** How a session joins the fleet: how often its key is read, and of which member it is. */
export interface JoinOptions {
  readonly kind?: CredentialSource['kind']
  readonly joined?: Fleet | undefined
}

/** Members of a fleet on one test clock, and the auth service that they call, which issues `MARK-1`, `MARK-2` and so on. */
export interface SharedRig {
  readonly clock: TestClock
  readonly store: TestStore
  /** All auth calls so far, with the number of the member. */
  readonly calls: { readonly call: AuthCall; readonly member: number }[]
  /** The most calls that were under way at one time. */
  readonly most: () => number
  readonly members: SharingMember[]
  /** How the auth service fails a call, or after how many milliseconds it issues a token. Default: 100. */
  answer: (call: AuthCall, member: number) => number | AuthFailure
  /** Adds a member, or to a member the session of another tenant. */
  join(secretKey?: string, known?: KnownOutcomes, more?: JoinOptions): SharingMember
}

export function sharedRig(t: Test, count: number): SharedRig {
  const clock = testClock()
  const store = new TestStore(clock)
  const calls: SharedRig['calls'] = []
  const members: SharingMember[] = []
  let [running, most, issued] = [0, 0, 0]
  const rig: SharedRig = {
    clock,
    store,
    calls,
    members,
    most: () => most,
    answer: () => 100,
    join(secretKey = 'MARK-secret', known = new Map(), { kind = 'file', joined } = {}) {
      const number = members.length
      const told: string[] = []
      const fleet = joined ?? member(t, store, clock, `member-${number}`, told)
      let key = { accessKeyId: new Secret('MARK-key-id'), secretKey: new Secret(secretKey) }
      const make = async (call: AuthCall, signal?: AbortSignal) => {
        calls.push({ call, member: number })
        most = Math.max(most, ++running)
        const answer = rig.answer(call, number)
        await new Promise<void>((resolve, reject) => {
          if (answer !== Number.POSITIVE_INFINITY) clock.setTimeout(resolve, typeof answer === 'number' ? answer : 100)
          signal?.addEventListener('abort', () => reject(signal.reason))
        }).finally(() => running--)
        if (answer instanceof AuthFailure) throw answer
        return { token: new Secret(`MARK-${++issued}`), lifetime: LIFETIME }
      }
      const tenant = { api: API, prismaId: 'MARK-id', customerName: 'MARK-tenant' } as TenantConfig
      const session = new Session({
        auth: { login: (_, signal) => make('login', signal), extend: (_, signal) => make('extend', signal) },
        api: API,
        credentials: { origin: 'test', kind, read: async () => key },
        clock,
        mutex: new Mutex(),
        settings: () => ({ waitTimeout: WAIT_TIMEOUT, idleAfter: IDLE_AFTER }),
        events: { changed: (from, to, reason) => told.push(`${from} → ${to}: ${reason}`) },
        share: sharing(fleet, clock, tenant, known),
      })
      t.teardown(() => session.close())
      const changeKey = (secretKey: string) => {
        key = { ...key, secretKey: new Secret(secretKey) }
      }
      members.push({ session, fleet, told, changeKey })
      return { session, fleet, told, changeKey }
    },
  }
  for (let n = 0; n < count; n++) rig.join()
  return rig
}
