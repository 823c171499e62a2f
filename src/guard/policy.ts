import type { Policy, Rule } from '../config/policy.ts'
import { readings } from '../forward/path.ts'
import { isRead } from '../forward/reads.ts'

/** A request as a policy sees it. */
interface Asked {
  /** The method, and what headers would have the upstream take for it. */
  readonly methods: readonly string[]
  readonly paths: readonly string[]
}

/** Says why a request is refused, where one of the policies does not allow it. */
export function refusalBy(policies: readonly Policy[], methods: readonly string[], target: string): string | undefined {
  if (policies.length === 0) return undefined
  const paths = readings(target)
  for (const policy of policies) {
    const refusal = refusalOf(policy, methods, paths)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function refusalOf(
  { name, access, allow, deny }: Policy,
  methods: readonly string[],
  paths: readonly string[] | undefined,
): string | undefined {
  if (!paths) return `what ${name} says of this path cannot be known: it is encoded over and over, or too long`
  const asked = { methods, paths }
  const denied = deny.find(rule => some(asked, (method, path) => matches(rule, method, path)))
  if (denied) return `${name}.deny has ${denied.text}`
  const writes = access === 'read-only' && some(asked, (method, path) => !isRead(method, path))
  if (writes) return `${name}.access is read-only, and this request is not known to only read`
  const isAllowed = (method: string, path: string) => allow.some(rule => matches(rule, method, path))
  const isOutside = allow.length > 0 && some(asked, (method, path) => !isAllowed(method, path))
  return isOutside ? `nothing in ${name}.allow matches` : undefined
}

/** Whether something holds for any way in which the upstream may read the request. */
function some({ methods, paths }: Asked, holds: (method: string, path: string) => boolean): boolean {
  return methods.some(method => paths.some(path => holds(method, path)))
}

/** HEAD is GET without the body (RFC 9110, 9.3.2). */
function matches({ methods, path }: Rule, method: string, asked: string): boolean {
  return (methods === null || methods.includes(method === 'HEAD' ? 'GET' : method)) && path.test(asked)
}
