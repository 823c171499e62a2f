import type { TenantConfig } from '../../config/config.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { Seal } from '../../fleet/seal.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { KnownOutcomes } from './record.ts'
import { type MakeSharedAuth, SharedAuth } from './shared-auth.ts'

/**
 * Makes the function by which a tenant's sessions share their auth calls with a fleet. Only members with the same access
 * key share: during a rotation those with the old and those with the new one do not.
 */
export function sharing(
  fleet: Fleet,
  clock: Clock,
  { api, prismaId, customerName }: TenantConfig,
  known: KnownOutcomes,
): MakeSharedAuth {
  const purpose = [fleet.name, api.origin, api.basePath, prismaId ?? '', customerName ?? '']
  return (key, outdated, signal) =>
    new SharedAuth({ fleet, seal: new Seal({ purpose, ...key }), clock, known, random: Math.random, outdated, signal })
}
