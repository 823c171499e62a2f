import type { Cacheable } from '../cache/answer-cache.ts'
import type { CacheRule } from '../config/cache-rule.ts'
import { headersByName, type RawHeaders } from '../http/raw-headers.ts'
import type { ForwardPlan, ForwardRequest } from './forward-request.ts'
import { selectingHeaders } from './headers/headers.ts'

/** Headers that ask for part of a response, or make it conditional (RFC 9110, 13 and 14). */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/** Segments that only name a version of the API: `/v2/policy` and `/policy` are one resource. */
const VERSION = /^(api|v\d+)$/

/** The former name of `/code/`. */
const OLDER_NAME = /^bridgecrew$/

/** A suffix that Spring ignores: `/policy.json` is `/policy`. */
const SUFFIX = /\..*/s

/** Describes a request whose response may be cached: a rule covers it, and nothing in the request forbids it. */
export function cacheableOf(forwarded: ForwardRequest, rules: readonly CacheRule[]): Cacheable | undefined {
  const { request, exchange, plan, body } = forwarded
  const { tenant, apiTarget, compute, readings, computeConsole: asked } = plan
  const { headers, rawHeaders } = request
  if (exchange.method !== 'GET' || body || CONDITIONS.some(name => headers[name] !== undefined)) return undefined
  if (directives(headers['cache-control']).includes('no-store')) return undefined
  const rule = rules.find(({ path }) => readings.all.every(reading => path.test(reading)))
  const [resource, ...others] = resourcesOf(plan)
  if (!rule || resource === undefined || others.length > 0) return undefined
  // a client that names a console by its own address may mean another one than the tenant's
  const at = asked ? asked.origin + asked.basePath : ''
  const key = [tenant, at, `${compute}`, apiTarget, ...selectingHeaders(rawHeaders)].join('\n')
  return { key, resource, keepFor: rule.keepFor }
}

/**
 * Whether a response may be cached: it is a 200, depends on nothing but its request (RFC 9110, 12.5.5), and is framed, so
 * that a truncated one is noticed (RFC 9112, 8).
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
 * The resources that a request reads or writes: the first segment of its path, because everything below belongs together (a
 * policy and the list of policies). There are several if servers may take the path for different ones.
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
