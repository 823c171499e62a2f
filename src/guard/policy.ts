import type { Policy, Rule } from '../config/policy.ts'
import { onlyReads } from '../request/read-only.ts'

/**
 * Says why a request is refused, where one of the policies does not allow it. `paths` are all for which the upstream may
 * take its path.
 */
export function refusalBy(policies: readonly Policy[], method: string, paths: readonly string[]): string | undefined {
  for (const policy of policies) {
    const refusal = refusalOf(policy, method, paths)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function refusalOf(
  { name, access, allow, deny }: Policy,
  method: string,
  paths: readonly string[],
): string | undefined {
  const denied = deny.find(({ methods, suffixed }) => isOf(methods, method) && paths.some(path => suffixed.test(path)))
  if (denied) return denied.why ?? `${name}.deny has ${denied.text}`
  if (access === 'read-only' && !paths.every(path => onlyReads(method, path)))
    return `${name}.access is read-only, and this request is not known to only read`
  const isAllowed = (path: string) => allow.some(rule => isOf(rule.methods, method) && rule.path.test(path))
  return allow.length === 0 || paths.every(isAllowed) ? undefined : `nothing in ${name}.allow matches`
}

/** HEAD is GET without the body (RFC 9110, 9.3.2). */
function isOf(methods: Rule['methods'], method: string): boolean {
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}
