import type { Test } from 'tap'
import type { CredentialSource, TenantConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { type CountedClock, countedClock } from '../kernel/counted-clock.ts'
import { settle } from '../support/clock.ts'
import { API, type Rig, rig } from './rig.ts'

/** An access key. */
export const keyOf = (secretKey: string) => ({ accessKeyId: new Secret('MARK-id'), secretKey: new Secret(secretKey) })

/** Sessions with a test clock and auth calls that the test answers. */
export interface SessionsRig {
  readonly sessions: Sessions
  readonly clock: CountedClock
  /** The sessions that were created, oldest first. */
  readonly made: readonly (Rig & { readonly tenant: string })[]
  /** The events, in order. */
  readonly told: string[]
  /** The states of all tenants' sessions. */
  states(): Record<string, string | undefined>
  /** The rig of the newest session of a tenant. */
  newest(tenant: string): Rig
}

/** A tenant with the key that `read` returns, by default `MARK-key`. */
export function tenantOf(name: string, options: Partial<TenantConfig> & Partial<CredentialSource> = {}): TenantConfig {
  const { origin = 'test', kind = 'fixed', read = async () => keyOf('MARK-key'), ...rest } = options
  return {
    name,
    api: API,
    credentials: { origin, kind, read },
    prismaId: null,
    customerName: null,
    lazy: false,
    policy: null,
    ...rest,
  }
}

/** The tenants by their names. */
export const tenantsOf = (...tenants: readonly TenantConfig[]) => new Map(tenants.map(each => [each.name, each]))

export function sessionsRig(t: Test, tenants: readonly TenantConfig[], idleAfter = Number.MAX_VALUE): SessionsRig {
  const clock = countedClock()
  const made: (Rig & { tenant: string })[] = []
  const told: string[] = []
  const sessions = new Sessions({
    tenants: tenantsOf(...tenants),
    clock,
    create({ name, api, credentials }, options) {
      const settings = () => ({ waitTimeout: 30_000, idleAfter })
      const one = rig(t, { ...options, clock, api, credentials, settings })
      made.push({ ...one, clock, tenant: name })
      return one.session
    },
    events: {
      changed: (tenant, _from, to, reason) => told.push(`${tenant} is ${to}: ${reason}`),
      called: (tenant, call, outcome) => told.push(`${tenant} ${call}: ${outcome}`),
      keyUsed() {},
      rotated: tenant => told.push(`${tenant} rotated`),
      rotationFailed: (tenant, reason, next) =>
        told.push(`${tenant} rotation failed${next ? '' : ' for good'}: ${reason}`),
      keyUnreadable: (tenant, reason) => told.push(`${tenant} key unreadable: ${reason}`),
    },
  })
  t.teardown(() => sessions.close())
  return {
    sessions,
    clock,
    made,
    told,
    states: () => Object.fromEntries([...sessions.all()].map(each => [each.tenant.name, each.session?.state])),
    newest(tenant) {
      const found = made.findLast(each => each.tenant === tenant)
      if (!found) throw new Error(`${tenant} has no session`)
      return found
    },
  }
}

/** The token for a tenant's requests. */
export async function tokenOf({ sessions }: SessionsRig, tenant: string): Promise<string> {
  const lease = sessions.acquire(tenant)
  return Promise.race([lease.then(({ token }) => token.reveal()), settle().then(() => 'waiting')])
}
