import type { Policy, Rule } from '../config/policy.ts'
import { onlyReads } from '../request/read-only.ts'

/**
 * Checks a request against policies, in order. Returns why the first policy to block the request does so, such as
 * `blocked by policy.deny: POST /x`, or undefined if none blocks it. `paths` are all readings of the request's path: a
 * deny rule blocks if it matches any of them, an allow rule must match all of them.
 */
export function blockedBy(policies: readonly Policy[], method: string, paths: readonly string[]): string | undefined {
  for (const policy of policies) {
    const reason = blockedByOne(policy, method, paths)
    if (reason !== undefined) return reason
  }
  return undefined
}

function blockedByOne(
  { name, access, allow, deny }: Policy,
  method: string,
  paths: readonly string[],
): string | undefined {
  const denied = deny.find(({ methods, suffixed }) => isOf(methods, method) && paths.some(path => suffixed.test(path)))
  if (denied) return denied.why ? `blocked: ${denied.why}` : `blocked by ${name}.deny: ${denied.text}`
  if (access === 'read-only' && !paths.every(path => onlyReads(method, path)))
    return `blocked by ${name}.access: read-only (the request may write)`
  const isAllowed = (path: string) => allow.some(rule => isOf(rule.methods, method) && rule.path.test(path))
  return allow.length === 0 || paths.every(isAllowed) ? undefined : `blocked by ${name}.allow: no rule matches`
}

/** Whether a rule covers a method. A rule for GET also covers HEAD (RFC 9110, 9.3.2). */
function isOf(methods: Rule['methods'], method: string): boolean {
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}
