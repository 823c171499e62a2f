import type { TenantConfig } from '../config/config.ts'
import { nearest } from '../kernel/nearest.ts'
import { Problem } from '../problem/problem.ts'
import { type BaseUrl, isSameBase } from '../stacks/base.ts'
import { isConsoleHost } from '../stacks/compute.ts'
import { below, rooted } from './target.ts'

/** What a request says of the tenant that it is for. */
export interface TenantFacts {
  /** The value of `x-prismacloud-tenant`. */
  readonly header: string | undefined
  /** The `Host` header. */
  readonly host: string | undefined
  /** The request target as sent. */
  readonly rawTarget: string
}

/** Which of a tenant's APIs a request is for. */
export interface Destination {
  /** Whether it is that of its Compute console. */
  readonly compute: boolean
  /** The request target there. */
  readonly apiTarget: string
  /** What the client put before it: `/_tenant/<tenant>`, `/_compute`, both, the API's or console's own path, or nothing. */
  readonly prefix: string
  /** The console that it is, where the client said so by its own address. */
  readonly computeConsole: BaseUrl | undefined
}

const HOST = /^(.+)\.localhost\.?(:\d+)?$/i
const COMPUTE_LABEL = /^(?:(.+)--)?compute$/
const CONSOLE_PATH = /^((?:\/[^/?]+)*?)(\/api\/.*)$/s
const PREFIX = /^(?:\/_tenant\/([^/?]*)(\/_compute(?=[/?]|$))?|(\/_compute)(?=[/?]|$))/

/** What the host and the target of a request say, and the names that they give its tenant. */
export function readDestination({ host = '', rawTarget }: Pick<TenantFacts, 'host' | 'rawTarget'>): Destination & {
  readonly names: readonly string[]
} {
  if (isConsoleHost(host)) return { ...readConsole(host, rawTarget), names: [] }
  const label = HOST.exec(host)?.[1]?.toLowerCase()
  const [isConsole, tenant] = (label && COMPUTE_LABEL.exec(label)) || [undefined, label]
  const [prefix = '', named, behindTenant, alone] = PREFIX.exec(rawTarget) ?? []
  return {
    compute: (isConsole ?? behindTenant ?? alone) !== undefined,
    apiTarget: prefix === '' ? rawTarget : rooted(rawTarget.slice(prefix.length)),
    prefix,
    computeConsole: undefined,
    names: [tenant, named].filter(name => name !== undefined),
  }
}

/** What a target says that is for the host of a Compute console, behind whose own path its API is. */
function readConsole(host: string, target: string): Destination {
  const [, basePath = '', path = target] = CONSOLE_PATH.exec(target) ?? []
  return { compute: true, apiTarget: path, prefix: basePath, computeConsole: { origin: `https://${host}`, basePath } }
}

/**
 * The tenant that a request is for, and its target with what names the tenant and Compute taken off.
 * @throws {Problem} `unknown-tenant` for a name that is not configured, which never means the default;
 *   `invalid-request` when a request names two.
 */
export function chooseTenant<T>(
  facts: TenantFacts,
  tenants: ReadonlyMap<string, T>,
  defaultTenant: string,
): Destination & { tenant: T } {
  const { names: given, compute, apiTarget, prefix, computeConsole } = readDestination(facts)
  const names = facts.header === undefined ? given : [facts.header, ...given]
  const [name = defaultTenant] = names
  if (names.some(other => other !== name))
    throw new Problem('invalid-request', `The request names several tenants: ${[...new Set(names)].join(', ')}`)
  const tenant = tenants.get(name)
  if (tenant === undefined) throw unknownTenant(name, tenants)
  return { tenant, compute, apiTarget, prefix, computeConsole }
}

function unknownTenant(name: string, tenants: ReadonlyMap<string, unknown>): Problem {
  const meant = nearest(name, tenants.keys())
  const hint = meant ? `did you mean "${meant}"?` : `configured: ${[...tenants.keys()].slice(0, 20).join(', ')}`
  return new Problem('unknown-tenant', `There is no tenant "${name.slice(0, 64)}"; ${hint}`)
}

/** The same for one that is for a Compute console by its own address, which no tenant may be known to have. */
export function chooseConsoleOwner<T extends Pick<TenantConfig, 'name' | 'api'>>(
  facts: TenantFacts,
  tenants: ReadonlyMap<string, T>,
  defaultTenant: string,
): Destination & { tenant: T } {
  const { computeConsole } = readDestination(facts)
  const owners = new Map(
    [...tenants].filter(([, { api }]) => computeConsole && isSameBase(computeConsole, api.compute)),
  )
  const fallback = owners.size > 0 ? preferred(owners, facts, defaultTenant) : defaultTenant
  return chooseTenant(facts, tenants, fallback)
}

/** Of the tenants that come into question the default one, else the only one. */
function preferred(
  owners: ReadonlyMap<string, unknown>,
  { header }: Pick<TenantFacts, 'header'>,
  defaultTenant: string,
): string {
  const [first, ...others] = owners.keys()
  if (owners.has(defaultTenant)) return defaultTenant
  if (others.length === 0 || header !== undefined) return String(first)
  const names = [...owners.keys()].join(', ')
  throw new Problem(
    'invalid-request',
    `Several tenants have their API there: say which in x-prismacloud-tenant: ${names}`,
  )
}

/** Whether requests in absolute form, or connections, may be for a host. */
export function isServedHost<T extends Pick<TenantConfig, 'api'>>(
  host: string,
  tenants: ReadonlyMap<string, T>,
): boolean {
  return ownersOf(host, tenants).size > 0 || isConsoleHost(host)
}

/**
 * The tenants whose API is at a host, with its port if that is not the one of http or https. Empty where the host is
 * nobody's.
 */
export function ownersOf<T extends Pick<TenantConfig, 'api'>>(
  host: string,
  tenants: ReadonlyMap<string, T>,
): Map<string, T> {
  const plain = host.replace(/:(80|443)$/, '')
  return new Map([...tenants].filter(([, { api }]) => new URL(api.origin).host === plain))
}

/**
 * The tenant that a request in absolute form for an API host is for: one of its `owners`, by name, else the default one,
 * else the only one.
 * @throws {Problem} also `invalid-request` where several come into question
 */
export function chooseOwner<T extends Pick<TenantConfig, 'name' | 'api'>>(
  facts: TenantFacts,
  owners: ReadonlyMap<string, T>,
  defaultTenant: string,
): Destination & { tenant: T } {
  const fallback = preferred(owners, facts, defaultTenant)
  const { tenant } = chooseTenant({ ...facts, rawTarget: '/', host: undefined }, owners, fallback)
  const { basePath } = tenant.api
  const target = below(facts.rawTarget, basePath)
  if (target === undefined) throw new Problem('invalid-request', `The API of that host is below ${basePath}`)
  return { tenant, compute: false, apiTarget: rooted(target), prefix: basePath, computeConsole: undefined }
}
