import type { Cacheable } from '../cache/answer-cache.ts'
import type { CacheRule } from '../config/cache-rule.ts'
import { headersByName, type RawHeaders } from '../http/raw-headers.ts'
import type { ForwardPlan, ForwardRequest } from './forward-request.ts'
import { selectingHeaders } from './headers/headers.ts'

/** Ask for a part, or for nothing where that is what the client has (RFC 9110, 13 and 14). */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/** Segments that versions of the API differ in: `/v2/policy` and `/policy` are the same resource. */
const VERSION = /^(api|v\d+)$/

/** What `/code/` was called. */
const OLDER_NAME = /^bridgecrew$/

/** Spring's servers take `/policy.json` for `/policy`. */
const SUFFIX = /\..*/s

/** The request as one whose answer may be kept, if a rule says so and nothing speaks against it. */
export function cacheableOf(forwarded: ForwardRequest, rules: readonly CacheRule[]): Cacheable | undefined {
  const { request, exchange, plan, body } = forwarded
  const { tenant, apiTarget, compute, readings, computeConsole: asked } = plan
  const { headers, rawHeaders } = request
  if (exchange.method !== 'GET' || body || CONDITIONS.some(name => headers[name] !== undefined)) return undefined
  if (directives(headers['cache-control']).includes('no-store')) return undefined
  const rule = rules.find(({ path }) => readings.all.every(reading => path.test(reading)))
  const [resource, ...others] = resourcesOf(plan)
  if (!rule || resource === undefined || others.length > 0) return undefined
  // who names a console by its own address may have meant another
  const at = asked ? asked.origin + asked.basePath : ''
  const key = [tenant, at, `${compute}`, apiTarget, ...selectingHeaders(rawHeaders)].join('\n')
  return { key, resource, keepFor: rule.keepFor }
}

/**
 * Whether an answer may be kept: a good one that depends on nothing but its request (RFC 9110, 12.5.5), and whose end can
 * be told from its breaking off (RFC 9112, 8).
 */
export function isKeepable(status: number, headers: RawHeaders): boolean {
  if (status !== 200) return false
  const { vary = [], ...rest } = headersByName(headers)
  const isFramed = rest['content-length'] !== undefined || rest['transfer-encoding'] !== undefined
  return isFramed && ![vary].flat().some(names => names.includes('*'))
}

/** Whether a client asks for an answer that is not older than its request (RFC 9111, 5.2.1.4 and 5.4). */
export function isFreshWanted({ request }: ForwardRequest): boolean {
  const { 'cache-control': control, pragma } = request.headers
  const asked = directives(control ?? pragma?.toString())
  return asked.includes('no-cache') || asked.includes('max-age=0')
}

/**
 * What a request reads or writes: the first segment of its path, because what is below it belongs together (a policy and
 * the list of them); several where servers may take its path for different ones.
 */
export function resourcesOf({ tenant, readings }: ForwardPlan): string[] {
  return [...new Set(readings.all.map(path => `${tenant} ${resourceAt(path)}`))]
}

function resourceAt(path: string): string {
  const [name = ''] = path.split('/').filter(segment => segment !== '' && !VERSION.test(segment))
  return name.replace(SUFFIX, '').replace(OLDER_NAME, 'code')
}

function directives(value = ''): string[] {
  return value.toLowerCase().split(/[\s,]+/)
}
