import { ensure } from '../../kernel/ensure.ts'
import type { BaseUrl } from '../../stacks/base.ts'
import { resolveCompute } from '../../stacks/compute.ts'
import { type Api, isPublished, resolveApi } from '../../stacks/resolve.ts'
import type { TenantConfig } from '../config.ts'
import { type Fault, quote } from '../fault.ts'
import { policyOf } from '../policy.ts'
import { tenantVariable } from '../schema/keys.ts'
import { readTenant } from '../schema/read-section.ts'
import {
  attempt,
  faultOf,
  type Given,
  isQuoted,
  missing,
  pathOf,
  quotedWarning,
  type Setting,
  settingOf,
} from '../schema/setting.ts'
import type { Environment } from '../sources/environment.ts'
import type { MergedSettings } from '../sources/merged-settings.ts'
import { vendorSettings, vendorUrl } from '../sources/vendor.ts'
import { type CredentialDocument, readCredentialsFile } from './credential-files.ts'
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

/** Collects what is wrong, and what is allowed but most likely a mistake. */
export interface Remarks {
  readonly faults: Fault[]
  readonly warnings: string[]
}

/**
 * Builds the tenants from their settings. If no setting gives an access key, the default tenant gets the settings that the
 * vendor's own clients would use; if only its url is not set, it gets their url.
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
    const tenant = await buildTenant(name, { given, apis, fallback }, remarks)
    if (tenant) tenants.push(tenant)
  }
  return tenants
}

function unknownDefault(merged: MergedSettings, defaultTenant: string): Fault {
  const setting = { ...settingOf(merged.inGroup(null), 'defaultTenant'), value: defaultTenant }
  const cure = `set defaultTenant to one of: ${merged.namesIn('tenants').join(', ')}`
  return faultOf(setting, { problem: 'is not a configured tenant', cure })
}

interface TenantParts {
  readonly given: Given
  /** The APIs so far, by url. Tenants with the same url share one, because there may be a thousand of them. */
  readonly apis: Map<string, Api>
  /** The url to use if none is given. */
  readonly fallback: Setting | undefined
}

/** Builds a tenant, unless something is wrong. Reads the files of its access key, to find those that cannot be used. */
async function buildTenant(
  name: string,
  { given, apis, fallback }: TenantParts,
  { faults, warnings }: Remarks,
): Promise<TenantConfig | undefined> {
  const input: TenantInput = { name, given, values: await readTenant(name, given, faults), faults, warnings }
  if (COMPUTE_NAME.test(name)) faults.push(computeName(name))
  warnings.push(...[...given.values()].filter(({ value }) => isQuoted(value)).map(quotedWarning))
  const api = await apiOf(input, apis, fallback)
  const compute = await computeOf(input)
  const credentials = await credentialsOf(input)
  const { prismaId, customerName, lazy, access, allow, deny } = input.values
  const policy = policyOf({ name: `tenants.${name}`, access, allow, deny })
  if (!api || !credentials) return undefined
  return { name, api: compute ? { ...api, compute } : api, credentials, prismaId, customerName, lazy, policy }
}

function computeName(name: string): Fault {
  const problem = 'the name is reserved: as part of a host name it means a Compute console'
  return { key: `tenants.${name}`, origin: `tenants.${name}`, problem, cure: 'rename the tenant' }
}

/** The base URL that `computeUrl` names, if it does. */
async function computeOf(input: TenantInput): Promise<BaseUrl | undefined> {
  const url = input.values.computeUrl
  if (url === null) return undefined
  return attempt(settingIn(input, 'computeUrl'), input.faults, () => resolveCompute(url))
}

/** The API that `url` names, or else the credentials file, or else the fallback. */
async function apiOf(
  input: TenantInput,
  apis: Map<string, Api>,
  fallback: Setting | undefined,
): Promise<Api | undefined> {
  const document = await documentOf(input)
  // a credentials file that cannot be read has its fault, and may well contain the url
  if (document === undefined && input.values.url === null) return undefined
  const setting = urlSettingOf(input, document ?? null, fallback)
  const url = setting.value
  if (typeof url === 'string') {
    const api = await attempt(setting, input.faults, () => ensure(apis, url, () => resolveApi(url)))
    if (api && !isPublished(api)) input.warnings.push(unpublished(setting))
    return api
  }
  const isGiven = settingIn(input, 'url').value !== null
  if (!isGiven)
    input.faults.push(
      missing(setting, `set ${pathOf(setting)} or ${tenantVariable(input.name, 'url')} to a stack such as app2`),
    )
  return undefined
}

/** The setting whose url applies. Its value is null if no url is given, or if it is not valid. */
function urlSettingOf(input: TenantInput, document: CredentialDocument | null, fallback: Setting | undefined): Setting {
  const given = settingIn(input, 'url')
  if (given.value !== null) return { ...given, value: input.values.url }
  if (document === null) return fallback ?? given
  const inFile: Setting = { ...given, value: document.url, source: 'file', origin: `${input.values.credentialsFile}` }
  return document.url === null && fallback ? fallback : inFile
}

/** The vendor adds stacks, so an unknown one is accepted; most likely, though, it is a typing error. */
function unpublished(setting: Setting): string {
  const { origin, value } = setting
  return `${pathOf(setting)} (${origin}): ${quote(`${value}`) ?? 'the value'} is not a stack known to this version; prismacloud-proxy stacks lists those that are`
}

/** The content of the credentials file: null if there is no file, undefined if it cannot be read. */
async function documentOf(input: TenantInput): Promise<CredentialDocument | null | undefined> {
  const path = input.values.credentialsFile
  if (path === null) return null
  return attempt(settingIn(input, 'credentialsFile'), input.faults, () => readCredentialsFile(path))
}
