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
import { missing, settingIn, type TenantInput } from './tenant-input.ts'

const NO_ACCESS_KEY: Fault = {
  key: 'tenants',
  origin: 'default',
  problem: 'there is no access key',
  cure: 'Set PC_URL, PC_IDENTITY and PC_SECRET in the environment, or name a file that holds tenants: --config FILE.',
  absence: true,
}

/** Names by which hosts tell Compute consoles from APIs. */
const COMPUTE_NAME = /^(.+--)?compute$/

/** Where the vendor's own clients would look for an access key. */
export interface VendorPlaces {
  readonly env: Environment
  readonly homeDirectory: string
}

/** Where to put what is wrong, and what is allowed but most likely a mistake. */
export interface Remarks {
  readonly faults: Fault[]
  readonly warnings: string[]
}

/**
 * The tenants of their settings. Where no setting is about an access key, the default tenant has what the vendor's own
 * clients would use; where only its url is not given, it has theirs.
 */
export async function readTenants(
  groups: MergedSettings,
  defaultTenant: string,
  { env, homeDirectory }: VendorPlaces,
  remarks: Remarks,
): Promise<TenantConfig[]> {
  const { faults } = remarks
  const names = () => groups.namesIn('tenants')
  if (!names().some(name => namesCredentials(groups.inGroup(`tenants.${name}`)))) {
    groups.fill(await vendorSettings(env, homeDirectory, `tenants.${defaultTenant}`))
    if (!namesCredentials(groups.inGroup(`tenants.${defaultTenant}`))) {
      faults.push(NO_ACCESS_KEY)
      return []
    }
  }
  if (!names().includes(defaultTenant)) faults.push(unknownDefault(groups, defaultTenant))
  const tenants: TenantConfig[] = []
  const targets = new Map<string, Api>()
  for (const name of names()) {
    const given = groups.inGroup(`tenants.${name}`)
    const fallback = name === defaultTenant ? vendorUrl(env, `tenants.${name}`) : undefined
    const tenant = await buildTenant(name, { given, targets, fallback }, remarks)
    if (tenant) tenants.push(tenant)
  }
  return tenants
}

function unknownDefault(groups: MergedSettings, defaultTenant: string): Fault {
  const setting = { ...settingOf(groups.inGroup(null), 'defaultTenant'), value: defaultTenant }
  const cure = `Set defaultTenant to one of ${groups.namesIn('tenants').join(', ')}.`
  return faultOf(setting, { problem: 'is not among the tenants', cure })
}

interface TenantParts {
  readonly given: Given
  /** Tenants at the same one share it: there may be a thousand. */
  readonly targets: Map<string, Api>
  /** The url that holds where none is given. */
  readonly fallback: Setting | undefined
}

/** One tenant of its settings, unless something is wrong. Files are read, so that one that cannot be used is known now. */
async function buildTenant(
  name: string,
  { given, targets, fallback }: TenantParts,
  { faults, warnings }: Remarks,
): Promise<TenantConfig | undefined> {
  const input: TenantInput = { name, given, values: await readTenant(name, given, faults), faults, warnings }
  if (COMPUTE_NAME.test(name)) faults.push(computeName(name))
  warnings.push(...[...given.values()].filter(({ value }) => isQuoted(value)).map(quotedWarning))
  const api = await targetOf(input, targets, fallback)
  const compute = await computeOf(input)
  const credentials = await credentialsOf(input)
  const { prismaId, customerName, lazy, access, allow, deny } = input.values
  const policy = policyOf({ name: `tenants.${name}`, access, allow, deny })
  if (!api || !credentials) return undefined
  return { name, api: compute ? { ...api, compute } : api, credentials, prismaId, customerName, lazy, policy }
}

function computeName(name: string): Fault {
  const problem = 'has a name that would stand for a Compute console in a host name'
  return { key: `tenants.${name}`, origin: `tenants.${name}`, problem, cure: 'Give it another name.' }
}

/** The Compute console that `computeUrl` names. */
async function computeOf(input: TenantInput): Promise<BaseUrl | undefined> {
  const url = input.values.computeUrl
  if (url === null) return undefined
  return attempt(settingIn(input, 'computeUrl'), input.faults, () => resolveCompute(url))
}

/** The api that `url` names, or else the credentials file, or else the fallback. */
async function targetOf(
  input: TenantInput,
  targets: Map<string, Api>,
  fallback: Setting | undefined,
): Promise<Api | undefined> {
  const document = await documentOf(input)
  // a file that cannot be read has its fault already, and may well hold the url
  if (document === undefined && input.values.url === null) return undefined
  const setting = urlSettingOf(input, document ?? null, fallback)
  const url = setting.value
  if (typeof url === 'string') {
    const api = await attempt(setting, input.faults, () => ensure(targets, url, () => resolveApi(url)))
    if (api && !isPublished(api)) input.warnings.push(unpublished(setting))
    return api
  }
  const isGiven = settingIn(input, 'url').value !== null
  if (!isGiven)
    input.faults.push(
      missing(setting, `in the environment ${tenantVariable(input.name, 'url')}, to a stack such as app2`),
    )
  return undefined
}

/** The setting whose url holds. Its value is null where none is given, or the one that is given is not valid. */
function urlSettingOf(input: TenantInput, document: CredentialDocument | null, fallback: Setting | undefined): Setting {
  const given = settingIn(input, 'url')
  if (given.value !== null) return { ...given, value: input.values.url }
  if (document === null) return fallback ?? given
  const inFile = { ...given, value: document.url, origin: `${input.values.credentialsFile}` }
  return document.url === null && fallback ? fallback : inFile
}

/** The vendor adds stacks, so a new one is served; far more often it is a slip. */
function unpublished(setting: Setting): string {
  const { origin, value } = setting
  return `${pathOf(setting)} (${origin}): ${quote(`${value}`)} is not a stack that this version knows; for those it does see prismacloud-proxy stacks`
}

/** The credentials file, null where there is none, or undefined where it cannot be read. */
async function documentOf(input: TenantInput): Promise<CredentialDocument | null | undefined> {
  const path = input.values.credentialsFile
  if (path === null) return null
  return attempt(settingIn(input, 'credentialsFile'), input.faults, () => readCredentialsFile(path))
}
