import type { Policy, Rule } from '../config/policy.ts'
import { readings } from '../forward/path.ts'
import { isRead } from '../forward/reads.ts'

/** Says why a request is refused, where one of the policies does not allow it. */
export function refusalBy(policies: readonly Policy[], method: string, target: string): string | undefined {
  if (policies.length === 0) return undefined
  const paths = readings(target)
  for (const policy of policies) {
    const refusal = refusalOf(policy, method, paths)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function refusalOf(
  { name, access, allow, deny }: Policy,
  method: string,
  paths: readonly string[] | undefined,
): string | undefined {
  if (!paths) return `what ${name} says of this path cannot be known: it is encoded over and over, or too long`
  const denied = deny.find(rule => paths.some(path => matches(rule, method, path)))
  if (denied) return `${name}.deny has ${denied.text}`
  if (access === 'read-only' && !paths.every(path => isRead(method, path)))
    return `${name}.access is read-only, and this request is not known to only read`
  const isAllowed = (path: string) => allow.some(rule => matches(rule, method, path))
  return allow.length === 0 || paths.every(isAllowed) ? undefined : `nothing in ${name}.allow matches`
}

/** HEAD is GET without the body (RFC 9110, 9.3.2). */
function matches({ methods, path }: Rule, method: string, asked: string): boolean {
  const isMeant = methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
  return isMeant && path.test(asked)
}
