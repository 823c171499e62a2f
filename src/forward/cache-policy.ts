import type { Cacheable } from '../cache/answer-cache.ts'
import type { CacheRule } from '../config/cache-rule.ts'
import { headersByName, type RawHeaders } from '../http/raw-headers.ts'
import type { ForwardPlan, ForwardRequest } from './forward-request.ts'
import { selectingHeaders } from './headers/headers.ts'

/** Headers that ask for part of a resource, or make the request conditional (RFC 9110, 13 and 14). */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/** Path segments that only select a version of the API: `/v2/policy` and `/policy` are the same resource. */
const VERSION = /^(api|v\d+)$/

/** The former name of the path segment `code`. */
const OLDER_NAME = /^bridgecrew$/

/** A suffix that Spring ignores: it serves `/policy.json` as `/policy`. */
const SUFFIX = /\..*/s

/**
 * Returns the cache key, resource and lifetime for a request whose response may be cached: a rule covers the request,
 * and nothing in it forbids caching. Otherwise returns `undefined`.
 */
export function cacheableOf(forwarded: ForwardRequest, rules: readonly CacheRule[]): Cacheable | undefined {
  const { request, exchange, plan, body } = forwarded
  const { tenant, apiTarget, compute, readings, computeConsole: asked } = plan
  const { headers, rawHeaders } = request
  if (exchange.method !== 'GET' || body || CONDITIONS.some(name => headers[name] !== undefined)) return undefined
  if (directives(headers['cache-control']).includes('no-store')) return undefined
  const rule = rules.find(({ path }) => readings.all.every(reading => path.test(reading)))
  const [resource, ...others] = resourcesOf(plan)
  if (!rule || resource === undefined || others.length > 0) return undefined
  // a client that addresses a console directly may mean one other than the tenant's
  const at = asked ? asked.origin + asked.basePath : ''
  const key = [tenant, at, `${compute}`, apiTarget, ...selectingHeaders(rawHeaders)].join('\n')
  return { key, resource, keepFor: rule.keepFor }
}

/**
 * Whether a response may be cached: its status is 200, it depends only on its request (RFC 9110, 12.5.5), and it is
 * framed, so that truncation is noticed (RFC 9112, 8).
 */
export function isKeepable(status: number, headers: RawHeaders): boolean {
  if (status !== 200) return false
  const { vary = [], ...rest } = headersByName(headers)
  const isFramed = rest['content-length'] !== undefined || rest['transfer-encoding'] !== undefined
  return isFramed && ![vary].flat().some(names => names.includes('*'))
}

/** Whether a client asks for a fresh response (`no-cache`, `max-age=0`; RFC 9111, 5.2.1.4 and 5.4). */
export function isFreshWanted({ request }: ForwardRequest): boolean {
  const { 'cache-control': control, pragma } = request.headers
  const asked = directives(control ?? pragma?.toString())
  return asked.includes('no-cache') || asked.includes('max-age=0')
}

/**
 * Returns the resources that a request reads or writes. A resource is the first segment of the path, because everything
 * below it belongs together, such as one policy and the list of policies. There are several if servers may read the
 * path in different ways.
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
