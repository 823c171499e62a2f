import { InvalidValue } from './fault.ts'
import { parseRule } from './policy.ts'
import { parseDuration } from './schema/units.ts'

/** Which responses are cached, and for how long: `/v2/policy/** 60s`. */
export interface CacheRule {
  /** Matches a whole path. */
  readonly path: RegExp
  /** In milliseconds, from the arrival of the response. */
  readonly keepFor: number
}

/**
 * Reads a cache rule: a path as in the rules of a policy, and a duration.
 * @throws {InvalidValue} also for a rule that names a method
 */
export function parseCacheRule(text: string): CacheRule {
  const [, method, path, duration] = /^(?:([^/]*[^/\s])\s+)?(\/\S*)\s+(\S+)$/.exec(text) ?? []
  if (path === undefined || duration === undefined)
    throw new InvalidValue('is not a rule', 'Write a path and a duration: "/v2/policy/** 60s".')
  if (method !== undefined)
    throw new InvalidValue('names a method', 'Leave it out: it is answers to GET that are kept.')
  return { path: parseRule(path).path, keepFor: parseDuration(duration) }
}
