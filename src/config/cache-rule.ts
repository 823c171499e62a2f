import { InvalidValue, MalformedValue } from './fault.ts'
import { parseRule } from './policy.ts'
import { DURATION, parseDuration } from './schema/units.ts'

/** Which responses are cached, and for how long: `/v2/policy/** 60s`. */
export interface CacheRule {
  /** Matches a whole path. */
  readonly path: RegExp
  /** How long a response is served from the cache, in milliseconds. */
  readonly keepFor: number
}

/**
 * Reads a cache rule: a path, written as in the rules of a policy, and a duration.
 * @throws {InvalidValue} if the text is not such a rule, or names a method
 */
export function parseCacheRule(text: string): CacheRule {
  const [, method, path, duration] = /^(?:([^/]*[^/\s])\s+)?(\/\S*)\s+(\S+)$/.exec(text) ?? []
  if (path === undefined || duration === undefined || !DURATION.test(duration))
    throw new MalformedValue('invalid cache rule', 'expected a path and a duration, e.g. "/v2/policy/** 60s"')
  if (method !== undefined) throw new InvalidValue('has a method', 'remove it; only responses to GET are cached')
  return { path: parseRule(path).path, keepFor: parseDuration(duration) }
}
