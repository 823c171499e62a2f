import { ensure } from '../../kernel/ensure.ts'
import type { BaseUrl } from '../../stacks/base.ts'
import { resolveCompute } from '../../stacks/compute.ts'
import { type Api, isPublished, resolveApi } from '../../stacks/resolve.ts'
import { quote } from '../fault.ts'
import { tenantVariable } from '../schema/keys.ts'
import { pathOf, type Setting } from '../schema/setting.ts'
import { attempt, missing } from '../schema/setting-faults.ts'
import { type CredentialDocument, readCredentialsFile } from './credential-files.ts'
import { settingIn, type TenantInput } from './tenant-input.ts'

/**
 * Returns the setting whose url names the API of a tenant: its own, or else that of its credentials file, or else the
 * fallback. Its value is null if no url is given, or if it is not valid. Returns undefined if the url may be in a
 * credentials file that cannot be read.
 */
export async function urlOf(input: TenantInput, fallback: Setting | undefined): Promise<Setting | undefined> {
  const document = await documentOf(input)
  // a credentials file that cannot be read has a fault of its own, and may well contain the url
  if (document === undefined && input.values.url === null) return undefined
  return urlSettingOf(input, document ?? null, fallback)
}

/**
 * Returns the API of a tenant, which `url` names. The Compute console is the one that the tenant's `computeUrl` names.
 * Whatever is wrong with these becomes faults. `apis` caches the APIs by url, because tenants may share one.
 */
export async function apiOf(
  input: TenantInput,
  url: Setting | undefined,
  apis: Map<string, Api>,
): Promise<Api | undefined> {
  const api = url && (await resolvedApi(input, url, apis))
  const compute = await computeOf(input)
  return api && compute ? { ...api, compute } : api
}

async function computeOf(input: TenantInput): Promise<BaseUrl | undefined> {
  const url = input.values.computeUrl
  if (url === null) return undefined
  return attempt(settingIn(input, 'computeUrl'), input.faults, () => resolveCompute(url))
}

async function resolvedApi(input: TenantInput, setting: Setting, apis: Map<string, Api>): Promise<Api | undefined> {
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

function urlSettingOf(input: TenantInput, document: CredentialDocument | null, fallback: Setting | undefined): Setting {
  const given = settingIn(input, 'url')
  if (given.value !== null) return { ...given, value: input.values.url }
  if (document === null) return fallback ?? given
  const inFile: Setting = { ...given, value: document.url, source: 'file', origin: `${input.values.credentialsFile}` }
  return document.url === null && fallback ? fallback : inFile
}

/**
 * Returns the warning about an unknown stack. Because the vendor adds stacks, it is accepted, but it is most likely a
 * typing error.
 */
function unpublished(setting: Setting): string {
  const { origin, value } = setting
  return `${pathOf(setting)} (${origin}): ${quote(`${value}`) ?? 'the value'} is not a stack that this version knows; to list the known ones, run prismacloud-proxy stacks`
}

/** Returns the content of the credentials file: null if there is no file, undefined if it cannot be read. */
async function documentOf(input: TenantInput): Promise<CredentialDocument | null | undefined> {
  const path = input.values.credentialsFile
  if (path === null) return null
  return attempt(settingIn(input, 'credentialsFile'), input.faults, () => readCredentialsFile(path))
}
