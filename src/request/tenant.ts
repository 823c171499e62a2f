import type { TenantConfig } from '../config/config.ts'
import { nearest } from '../kernel/nearest.ts'
import { Problem } from '../problem/problem.ts'
import { isSameBase } from '../stacks/base.ts'
import { isConsoleHost } from '../stacks/compute.ts'
import type { Destination } from './destination.ts'
import type { ParsedRequest } from './parse.ts'
import { below, rooted } from './target.ts'

/** How many configured tenants the error for an unknown tenant lists at most. */
const MOST_LISTED = 20

/** How many characters of an unknown tenant's name an error quotes at most. */
const LONGEST_QUOTED = 64

/** The part of a tenant's configuration that tells which requests are for it. */
type TenantAddress = Pick<TenantConfig, 'name' | 'api'>

/** The tenants to choose from, by name. */
export interface TenantChoice<T> {
  readonly tenants: ReadonlyMap<string, T>
  /** The tenant of a request that names none. */
  readonly defaultTenant: string
}

/** The tenant that a request is for, and the destination at that tenant. */
export interface TenantDestination<T> {
  readonly tenant: T
  readonly destination: Destination
}

/**
 * Chooses the tenant of a request: by `header` (the value of `x-prismacloud-tenant`), host or path; else, in proxy
 * form, by the tenant whose API or Compute console has that host; else the default.
 * @throws {Problem} `unknown-tenant` for a name that is not configured (it never falls back to the default);
 *   `invalid-request` for two different names, for a host that several tenants share, or for a path outside the API's
 *   base path
 */
export function chooseDestination<T extends TenantAddress>(
  { proxyHost, rawTarget, destination }: ParsedRequest,
  header: string | undefined,
  { tenants, defaultTenant }: TenantChoice<T>,
): TenantDestination<T> {
  const names = header === undefined ? destination.names : [header, ...destination.names]
  if (proxyHost === undefined) return { tenant: chooseTenant(names, { tenants, defaultTenant }), destination }
  const given = header === undefined ? [] : [header]
  const owners = ownersOf(proxyHost, tenants)
  if (owners.size > 0) {
    const tenant = chooseTenant(given, { tenants: owners, defaultTenant: preferredOf(owners, given, defaultTenant) })
    return { tenant, destination: destinationAt(tenant.api.basePath, rawTarget) }
  }
  const consoleOwners = consoleOwnersOf(destination, tenants)
  const fallback = consoleOwners.size > 0 ? preferredOf(consoleOwners, given, defaultTenant) : defaultTenant
  return { tenant: chooseTenant(names, { tenants, defaultTenant: fallback }), destination }
}

/**
 * Chooses a tenant by name. All `names` must agree; if there are none, chooses the default tenant.
 * @throws {Problem} `unknown-tenant` for a name that is not configured; `invalid-request` for different names
 */
export function chooseTenant<T>(names: readonly string[], { tenants, defaultTenant }: TenantChoice<T>): T {
  const [name = defaultTenant] = names
  if (names.some(other => other !== name))
    throw new Problem('invalid-request', `The request names several tenants: ${[...new Set(names)].join(', ')}`)
  const tenant = tenants.get(name)
  if (tenant === undefined) throw unknownTenant(name, tenants)
  return tenant
}

function unknownTenant(name: string, tenants: ReadonlyMap<string, unknown>): Problem {
  const meant = nearest(name, tenants.keys())
  const known = [...tenants.keys()].slice(0, MOST_LISTED).join(', ')
  const hint = meant ? `did you mean "${meant}"?` : `configured: ${known}`
  return new Problem('unknown-tenant', `Unknown tenant "${name.slice(0, LONGEST_QUOTED)}"; ${hint}`)
}

/** Returns the default tenant if it is an owner of the host, else the only owner. `given` names override it later. */
function preferredOf(owners: ReadonlyMap<string, unknown>, given: readonly string[], defaultTenant: string): string {
  const [first, ...others] = owners.keys()
  if (owners.has(defaultTenant)) return defaultTenant
  if (others.length === 0 || given.length > 0) return String(first)
  throw new Problem(
    'invalid-request',
    `Several tenants share this host; send one of them as x-prismacloud-tenant: ${[...owners.keys()].join(', ')}`,
  )
}

/** The destination of a request in proxy form at an API host. Its target must start with the API's base path. */
function destinationAt(basePath: string, rawTarget: string): Destination {
  const rest = below(rawTarget, basePath)
  if (rest === undefined)
    throw new Problem('invalid-request', `The path must start with ${basePath}, where this host serves its API`)
  return { compute: false, apiTarget: rooted(rest), prefix: basePath, computeConsole: undefined }
}

/** Whether requests in proxy form and tunnels may use a host: the API of a tenant, or a Compute console. */
export function isServedHost(host: string, tenants: ReadonlyMap<string, Pick<TenantConfig, 'api'>>): boolean {
  return ownersOf(host, tenants).size > 0 || isConsoleHost(host)
}

/** The tenants whose API is at `host`, which includes a port unless that is 80 or 443. */
export function ownersOf<T extends Pick<TenantConfig, 'api'>>(
  host: string,
  tenants: ReadonlyMap<string, T>,
): Map<string, T> {
  const plain = host.replace(/:(80|443)$/, '')
  return new Map([...tenants].filter(([, { api }]) => new URL(api.origin).host === plain))
}

/** The tenants configured with the Compute console that a request addresses by its host. */
function consoleOwnersOf<T extends TenantAddress>(
  { computeConsole }: Destination,
  tenants: ReadonlyMap<string, T>,
): Map<string, T> {
  return new Map([...tenants].filter(([, { api }]) => computeConsole && isSameBase(computeConsole, api.compute)))
}
