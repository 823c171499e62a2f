import { type Policy, parseRule, type Rule } from '../config/policy.ts'
import { OPERATIONS } from '../operations/operations.ts'
import { effectOf, isHarmless } from '../request/effect.ts'
import type { Readings } from '../request/readings.ts'

/** The longest rule to suggest, in characters. */
const LONGEST_RULE = 200

/**
 * Checks a request against policies, in order. Returns why the first policy to block the request does so, such as
 * `blocked by policy.deny: POST /x`, or undefined if none blocks it. A deny rule blocks if it matches any reading of the
 * request's path, an allow rule must match all of them.
 */
export function blockedBy(policies: readonly Policy[], method: string, readings: Readings): string | undefined {
  for (const policy of policies) {
    const reason = blockedByOne(policy, method, readings)
    if (reason !== undefined) return reason
  }
  return undefined
}

function blockedByOne({ name, access, allow, deny }: Policy, method: string, readings: Readings): string | undefined {
  const { all } = readings
  const denied = deny.find(({ methods, suffixed }) => isOf(methods, method) && all.some(path => suffixed.test(path)))
  if (denied) return denied.why ? `blocked: ${denied.why}` : `blocked by ${name}.deny: ${denied.text}`
  const isAllowed = (path: string) => allow.some(rule => isOf(rule.methods, method) && rule.path.test(path))
  if (access === 'read-only') return all.every(isAllowed) ? undefined : blockedAsWrite(name, method, readings)
  return allow.length === 0 || all.every(isAllowed) ? undefined : `blocked by ${name}.allow: no rule matches`
}

function blockedAsWrite(name: string, method: string, readings: Readings): string | undefined {
  const effect = effectOf(method, readings.all)
  if (isHarmless(effect)) return undefined
  const reason = effect === 'unknown' ? 'no API description has this request, so it may write' : 'this request writes'
  const rule = ruleFor(method, readings)
  const cure = rule === undefined ? `add a rule for it to ${name}.allow` : `add "${rule}" to ${name}.allow`
  return `blocked by ${name}.access: read-only (${reason}); to permit it, ${cure}`
}

/** Returns the rule that permits a request and all others of its operation, if there is one that is short enough. */
function ruleFor(method: string, { usual, all }: Readings): string | undefined {
  const template = OPERATIONS.find(method, usual)?.template.replace(/\{[^}]*\}/g, '*')
  // in a rule, a * of the path itself would permit other requests, too: `/**` all of them
  if (template === undefined && usual.includes('*')) return undefined
  const text = `${method} ${template ?? usual}`
  if (text.length > LONGEST_RULE) return undefined
  try {
    const rule = parseRule(text)
    return all.every(reading => rule.path.test(reading)) ? text : undefined
  } catch {
    // not every path can be written as a rule
    return undefined
  }
}

/** Whether a rule covers a method. A rule for GET also covers HEAD (RFC 9110, 9.3.2). */
function isOf(methods: Rule['methods'], method: string): boolean {
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}
