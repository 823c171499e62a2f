import { type BaseUrl, basePathOf, parseBase } from './base.ts'
import { StackError } from './error.ts'

/** The domain of the vendor's Compute consoles; each region has a host below it. */
export const COMPUTE_DOMAIN = 'cloud.twistlock.com'

const CONSOLE_HOST = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.cloud\.twistlock\.com$/

/** Whether a host name, in lower case, is one of the vendor's Compute console hosts. */
export function isConsoleHost(host: string): boolean {
  return CONSOLE_HOST.test(host)
}

/** The beginning of a Compute console's API paths, which a copied address may include. */
const API_PATH = /\/api(\/v[\d.]+)?$/

/**
 * Parses the address of a Compute console, from `GET /meta_info` (`twistlockUrl`) or from a user:
 * `https://us-east1.cloud.twistlock.com/us-1-123456789`.
 * @throws {StackError} for any other address
 */
export function resolveCompute(text: string): BaseUrl {
  const { url, host } = parseBase(text)
  if (/^app.*\.prismacloud\.(io|cn)$/.test(host))
    throw new StackError(
      'is the Prisma Cloud console, which shows Compute but does not serve its API',
      'remove it, or use the URL that Compute shows under Manage > System > Utilities: https://<region>.cloud.twistlock.com/<id>',
    )
  const basePath = basePathOf(url).replace(API_PATH, '')
  if (isConsoleHost(host) && basePath === '')
    throw new StackError(
      'has no console id in its path',
      'use the whole URL: https://<region>.cloud.twistlock.com/<id>',
    )
  return { origin: url.origin, basePath }
}
