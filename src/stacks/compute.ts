import { type BaseUrl, basePathOf, parseBase } from './base.ts'
import { StackError } from './error.ts'

/** The domain of the vendor's Compute consoles, each of which is in a region's host below it. */
export const COMPUTE_DOMAIN = 'cloud.twistlock.com'

const CONSOLE_HOST = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.cloud\.twistlock\.com$/

/** Whether a host, in lower case, is one of the vendor's with Compute consoles. */
export function isConsoleHost(host: string): boolean {
  return CONSOLE_HOST.test(host)
}

/** Where the API paths of a Compute console begin, which an address may have been copied with. */
const API_PATH = /\/api(\/v[\d.]+)?$/

/**
 * Where a Compute console is, of its address as `GET /meta_info` names it (`twistlockUrl`) or a user typed it:
 * `https://us-east1.cloud.twistlock.com/us-1-123456789`. Throws a {@link StackError}.
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
