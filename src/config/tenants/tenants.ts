import type { Api } from '../../stacks/resolve.ts'
import type { TenantConfig } from '../config.ts'
import type { Fault } from '../fault.ts'
import { checkAllow, policyOf } from '../policy.ts'
import { readTenant } from '../schema/read-section.ts'
import { isQuoted, quotedWarning, type Setting, settingOf } from '../schema/setting.ts'
import { attempt, faultOf } from '../schema/setting-faults.ts'
import type { Environment } from '../sources/environment.ts'
import type { MergedSettings } from '../sources/merged-settings.ts'
import { vendorSettings, vendorUrl } from '../sources/vendor.ts'
import { apiOf, urlOf } from './tenant-api.ts'
import { credentialsOf, namesCredentials } from './tenant-credentials.ts'
import { settingIn, type TenantInput } from './tenant-input.ts'

const NO_ACCESS_KEY: Fault = {
  key: 'tenants',
  origin: 'tenants',
  problem: 'no access key',
  cure: 'set PC_URL, PC_IDENTITY and PC_SECRET in the environment, or name a file with tenants: --config FILE',
  absence: true,
}

/** Names that mean a Compute console when they are part of a host name. */
const COMPUTE_NAME = /^(.+--)?compute$/

/** The places where the vendor's own clients look for an access key. */
export interface VendorPlaces {
  readonly env: Environment
  readonly homeDirectory: string
}

/** Collects faults, and warnings about what is allowed but most likely a mistake. */
export interface Remarks {
  readonly faults: Fault[]
  readonly warnings: string[]
}

/**
 * Builds the tenants from their settings. If no setting gives an access key, the default tenant gets the settings that
 * the vendor's own clients would use; if only its url is not set, it gets their url. These settings, and a url from a
 * credentials file, are added to `merged`.
 */
export async function readTenants(
  merged: MergedSettings,
  defaultTenant: string,
  { env, homeDirectory }: VendorPlaces,
  remarks: Remarks,
): Promise<TenantConfig[]> {
  const { faults } = remarks
  const names = () => merged.namesIn('tenants')
  if (!names().some(name => namesCredentials(merged.inGroup(`tenants.${name}`)))) {
    merged.fill(await vendorSettings(env, homeDirectory, `tenants.${defaultTenant}`))
    if (!namesCredentials(merged.inGroup(`tenants.${defaultTenant}`))) {
      faults.push(NO_ACCESS_KEY)
      return []
    }
  }
  if (!names().includes(defaultTenant)) faults.push(unknownDefault(merged, defaultTenant))
  const tenants: TenantConfig[] = []
  const apis = new Map<string, Api>()
  for (const name of names()) {
    const given = merged.inGroup(`tenants.${name}`)
    const fallback = name === defaultTenant ? vendorUrl(env, `tenants.${name}`) : undefined
    const input: TenantInput = { name, given, values: await readTenant(name, given, faults), ...remarks }
    const url = await urlOf(input, fallback)
    const tenant = await buildTenant(input, url, apis)
    if (tenant) tenants.push(tenant)
    if (url) merged.fill([url])
  }
  return tenants
}

function unknownDefault(merged: MergedSettings, defaultTenant: string): Fault {
  const setting = { ...settingOf(merged.inGroup(null), 'defaultTenant'), value: defaultTenant }
  const cure = `set defaultTenant to one of: ${merged.namesIn('tenants').join(', ')}`
  return faultOf(setting, { problem: 'is not a configured tenant', cure })
}

/**
 * Builds a tenant, unless something is wrong. Reads the files of its access key, to find those that cannot be used.
 * `apis` holds the APIs built so far, by url: tenants with the same url share one, because there may be a thousand.
 */
async function buildTenant(
  input: TenantInput,
  url: Setting | undefined,
  apis: Map<string, Api>,
): Promise<TenantConfig | undefined> {
  const { name, given, faults, warnings } = input
  if (COMPUTE_NAME.test(name)) faults.push(computeName(name))
  warnings.push(...[...given.values()].filter(({ value }) => isQuoted(value)).map(quotedWarning))
  const api = await apiOf(input, url, apis)
  const credentials = await credentialsOf(input)
  const { prismaId, customerName, lazy, access, allow, deny } = input.values
  await attempt(settingIn(input, 'allow'), faults, () => checkAllow({ access, allow }))
  const policy = policyOf({ name: `tenants.${name}`, access, allow, deny })
  if (!api || !credentials) return undefined
  return { name, api, credentials, prismaId, customerName, lazy, policy }
}

function computeName(name: string): Fault {
  const problem = 'the name is reserved: as part of a host name it means a Compute console'
  return { key: `tenants.${name}`, origin: `tenants.${name}`, problem, cure: 'rename the tenant' }
}
