import { basePathOf, type Place, parseBase } from './base.ts'
import { StackError } from './error.ts'

/** Where the API paths of a Compute console begin, which an address may have been copied with. */
const API_PATH = /\/api(\/v[\d.]+)?$/

/**
 * Where a Compute console is, of its address as `GET /meta_info` names it (`twistlockUrl`) or a user typed it:
 * `https://us-east1.cloud.twistlock.com/us-1-123456789`. Throws a {@link StackError}.
 */
export function resolveCompute(text: string): Place {
  const { url, host } = parseBase(text)
  if (/^app.*\.prismacloud\.(io|cn)$/.test(host))
    throw new StackError(
      'is the Prisma Cloud console, which shows Compute but does not serve its API',
      'Leave it out, or write what Compute shows under Manage > System > Utilities: https://<region>.cloud.twistlock.com/<id>.',
    )
  return { api: url.origin, basePath: basePathOf(url).replace(API_PATH, '') }
}
