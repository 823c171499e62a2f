import type { Cacheable } from '../cache/answer-cache.ts'
import type { CacheRule } from '../config/leaves.ts'
import { headersByName, type RawHeaders } from '../upstream/raw-headers.ts'
import { selectingHeaders } from './headers.ts'
import type { Journey } from './journey.ts'
import { readings, withoutQuery } from './path.ts'
import { isRead } from './reads.ts'

/** Ask for a part, or for nothing where that is what the client has (RFC 9110, 13 and 14). */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/** Segments that versions of the API differ in: `/v2/policy` and `/policy` are the same resource. */
const VERSION = /^(api|v\d+)$/

/** What `/code/` was called. */
const OLDER_NAME = /(?<= )bridgecrew$/

/** The request as one whose answer may be kept, if a rule says so and nothing speaks against it. */
export function cacheableOf(journey: Journey, rules: readonly CacheRule[]): Cacheable | undefined {
  const { request, exchange, tenant, ruled, console: asked, body } = journey
  const { headers, rawHeaders } = request
  if (exchange.method !== 'GET' || body || CONDITIONS.some(name => headers[name] !== undefined)) return undefined
  if (isWrite(journey) || directives(headers['cache-control']).includes('no-store')) return undefined
  const rule = rules.find(({ path }) => path.test(withoutQuery(ruled)))
  const resource = resourceOf(journey)
  if (!rule || resource === undefined) return undefined
  // who names a console by its own address may have meant another
  const at = asked ? asked.api + asked.basePath : ''
  const key = [tenant, at, ruled, ...selectingHeaders(rawHeaders)].join('\n')
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
export function isFreshWanted({ request }: Journey): boolean {
  const { 'cache-control': control, pragma } = request.headers
  const asked = directives(control ?? pragma?.toString())
  return asked.includes('no-cache') || asked.includes('max-age=0')
}

/** Whether a request may change something. */
export function isWrite({ exchange, ruled }: Journey): boolean {
  const paths = readings(ruled)
  return !paths?.every(path => isRead(exchange.method, path))
}

/**
 * What a request reads or writes: the first segment of its path, because what is below it belongs together (a policy and
 * the list of them). `undefined` where the path has so many readings that it may be anything.
 */
export function resourceOf({ tenant, ruled }: Journey): string | undefined {
  const segments = readings(ruled)
    ?.at(-1)
    ?.split('/')
    .filter(segment => segment !== '' && !VERSION.test(segment))
  return segments && [tenant, ...segments.slice(0, 1)].join(' ').replace(OLDER_NAME, 'code')
}

function directives(value = ''): string[] {
  return value.toLowerCase().split(/[\s,]+/)
}
