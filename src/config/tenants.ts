import { ensure } from '../kernel/ensure.ts'
import type { Place } from '../stacks/base.ts'
import { resolveCompute } from '../stacks/compute.ts'
import { resolveTarget, type Target } from '../stacks/resolve.ts'
import type { TenantConfig } from './config.ts'
import { type CredentialDocument, readCredentialsFile } from './credential-text.ts'
import { type Draft, draftSetting, missing } from './draft.ts'
import type { Environment } from './environment.ts'
import type { Fault } from './fault.ts'
import type { Groups } from './groups.ts'
import { tenantVariable } from './keys.ts'
import { policyOf } from './policy.ts'
import { readTenant } from './read.ts'
import { attempt, faultOf, type Given, settingOf } from './setting.ts'
import { credentialsOf, namesCredentials } from './tenant-credentials.ts'
import { vendorSettings } from './vendor.ts'

const NO_ACCESS_KEY: Fault = {
  key: 'tenants',
  origin: 'default',
  problem: 'there is no access key',
  cure: 'Set PC_URL, PC_IDENTITY and PC_SECRET in the environment, or name a file that holds tenants: --config FILE.',
}

/** Names by which hosts tell Compute consoles from APIs. */
const COMPUTE_NAME = /^(.+--)?compute$/

/** Where the vendor's own clients would look for an access key. */
export interface VendorPlaces {
  readonly env: Environment
  readonly homeDirectory: string
}

/**
 * The tenants of their settings. Where no setting is about an access key, the default tenant has what the vendor's own
 * clients would use. What is wrong becomes faults.
 */
export async function readTenants(
  groups: Groups,
  defaultTenant: string,
  { env, homeDirectory }: VendorPlaces,
  faults: Fault[],
): Promise<TenantConfig[]> {
  const names = () => groups.names('tenants')
  if (!names().some(name => namesCredentials(groups.of(`tenants.${name}`)))) {
    groups.fill(await vendorSettings(env, homeDirectory, `tenants.${defaultTenant}`))
    if (!namesCredentials(groups.of(`tenants.${defaultTenant}`))) {
      faults.push(NO_ACCESS_KEY)
      return []
    }
  }
  if (!names().includes(defaultTenant)) faults.push(unknownDefault(groups, defaultTenant))
  const tenants: TenantConfig[] = []
  const targets = new Map<string, Target>()
  for (const name of names()) {
    const tenant = await buildTenant(name, groups.of(`tenants.${name}`), targets, faults)
    if (tenant) tenants.push(tenant)
  }
  return tenants
}

function unknownDefault(groups: Groups, defaultTenant: string): Fault {
  const setting = { ...settingOf(groups.of(null), 'defaultTenant'), value: defaultTenant }
  const cure = `Set defaultTenant to one of ${groups.names('tenants').join(', ')}.`
  return faultOf(setting, { problem: 'is not among the tenants', cure })
}

/** One tenant of its settings, unless something is wrong. Files are read, so that one that cannot be used is known now. */
async function buildTenant(
  name: string,
  given: Given,
  targets: Map<string, Target>,
  faults: Fault[],
): Promise<TenantConfig | undefined> {
  const draft: Draft = { name, given, values: await readTenant(name, given, faults), faults }
  if (COMPUTE_NAME.test(name)) faults.push(computeName(name))
  const target = await targetOf(draft, targets)
  const compute = await computeOf(draft)
  const credentials = await credentialsOf(draft)
  const { prismaId, customerName, lazy, access, allow, deny } = draft.values
  const policy = policyOf({ name: `tenants.${name}`, access, allow, deny })
  if (!target || !credentials) return undefined
  return { name, target: compute ? { ...target, compute } : target, credentials, prismaId, customerName, lazy, policy }
}

function computeName(name: string): Fault {
  const problem = 'has a name that would stand for a Compute console in a host name'
  return { key: `tenants.${name}`, origin: `tenants.${name}`, problem, cure: 'Give it another name.' }
}

/** The Compute console that `computeUrl` names. */
async function computeOf(draft: Draft): Promise<Place | undefined> {
  const url = draft.values.computeUrl
  if (url === null) return undefined
  return attempt(draftSetting(draft, 'computeUrl'), draft.faults, () => resolveCompute(url))
}

/** The target that `url` names, or else the credentials file. Tenants at the same one share it: there may be a thousand. */
async function targetOf(draft: Draft, targets: Map<string, Target>): Promise<Target | undefined> {
  const document = await documentOf(draft)
  const given = draftSetting(draft, 'url')
  const inFile = document && given.value === null
  const url = inFile ? document.url : draft.values.url
  const setting = inFile ? { ...given, value: url, origin: `${draft.values.credentialsFile}` } : given
  if (url !== null) return attempt(setting, draft.faults, () => ensure(targets, url, () => resolveTarget(url)))
  // What is given but not valid has its fault already, and a file that cannot be read may well hold the url.
  if (setting.value === null && document !== undefined)
    draft.faults.push(
      missing(setting, `in the environment ${tenantVariable(draft.name, 'url')}, to a stack such as app2`),
    )
  return undefined
}

/** The credentials file, null where there is none, or undefined where it cannot be read. */
async function documentOf(draft: Draft): Promise<CredentialDocument | null | undefined> {
  const path = draft.values.credentialsFile
  if (path === null) return null
  return attempt(draftSetting(draft, 'credentialsFile'), draft.faults, () => readCredentialsFile(path))
}
