import { nearest } from '../kernel/nearest.ts'
import { Problem } from '../problem/problem.ts'

/** What a request says of the tenant that it is for. */
export interface TenantFacts {
  /** The value of `x-prismacloud-tenant`. */
  readonly header: string | undefined
  /** The `Host` header. */
  readonly host: string | undefined
  /** The request target as sent. */
  readonly target: string
}

const HOST = /^(.+)\.localhost(:\d+)?$/i
const PREFIX = /^\/_tenant\/([^/?]*)/

/**
 * The tenant that a request is for, and its target with a `/_tenant/<tenant>` prefix taken off.
 * @throws {Problem} `unknown-tenant` for a name that is not configured, which never means the default;
 *   `invalid-request` when a request names two.
 */
export function chooseTenant<T>(
  facts: TenantFacts,
  tenants: ReadonlyMap<string, T>,
  defaultTenant: string,
): { tenant: T; target: string; prefix: string } {
  const prefix = PREFIX.exec(facts.target)
  const host = HOST.exec(facts.host ?? '')?.[1]?.toLowerCase()
  const names = new Set([facts.header, host, prefix?.[1]].filter(name => name !== undefined))
  if (names.size > 1)
    throw new Problem('invalid-request', `The request names several tenants: ${[...names].join(', ')}`)
  const [name = defaultTenant] = names
  const tenant = tenants.get(name)
  if (tenant === undefined) throw unknownTenant(name, tenants)
  if (!prefix) return { tenant, target: facts.target, prefix: '' }
  return { tenant, target: rooted(facts.target.slice(prefix[0].length)), prefix: prefix[0] }
}

function rooted(target: string): string {
  return target.startsWith('/') ? target : `/${target}`
}

function unknownTenant(name: string, tenants: ReadonlyMap<string, unknown>): Problem {
  const meant = nearest(name, tenants.keys())
  const hint = meant ? `did you mean "${meant}"?` : `configured: ${[...tenants.keys()].slice(0, 20).join(', ')}`
  return new Problem('unknown-tenant', `There is no tenant "${name.slice(0, 64)}"; ${hint}`)
}
