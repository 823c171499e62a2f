import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Setting } from '../schema/setting.ts'
import type { Environment } from './environment.ts'

/** The environment variables of the vendor's Python SDK, then those of its Go SDK, by the keys of a tenant. */
const SETS = [
  { url: 'PC_URL', accessKeyId: 'PC_IDENTITY', secretKey: 'PC_SECRET', customerName: null },
  {
    url: 'PRISMACLOUD_URL',
    accessKeyId: 'PRISMACLOUD_USERNAME',
    secretKey: 'PRISMACLOUD_PASSWORD',
    customerName: 'PRISMACLOUD_CUSTOMER_NAME',
  },
] as const

/**
 * The settings that the vendor's own clients would use: the first set of variables with an access key, even if one half
 * of it is missing, or else the file that the SDK writes. The result is empty if there is neither. A variable that is
 * not set has the value null.
 */
export async function vendorSettings(env: Environment, homeDirectory: string, group: string): Promise<Setting[]> {
  const set = SETS.find(({ accessKeyId, secretKey }) => env[accessKeyId] || env[secretKey])
  if (set === undefined) {
    // a URL without an access key belongs to the key in the file
    const url = vendorUrl(env, group)
    return [...(url ? [url] : []), ...(await sdkFile(homeDirectory, group))]
  }
  return Object.entries(set).flatMap(([key, name]) =>
    name === null ? [] : [{ group, key, value: env[name] || null, source: 'environment', origin: name }],
  )
}

/** Returns the URL that the vendor's own clients would use, no matter where the access key comes from. */
export function vendorUrl(env: Environment, group: string): Setting | undefined {
  const origin = SETS.map(({ url }) => url).find(name => env[name])
  return origin === undefined ? undefined : { group, key: 'url', value: env[origin], source: 'environment', origin }
}

async function sdkFile(homeDirectory: string, group: string): Promise<Setting[]> {
  const path = join(homeDirectory, '.prismacloud', 'credentials.json')
  const exists = await stat(path).then(
    () => true,
    () => false,
  )
  return exists ? [{ group, key: 'credentialsFile', value: path, source: 'file', origin: path }] : []
}
