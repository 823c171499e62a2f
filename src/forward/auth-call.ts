import { EXTEND_PATH, LOGIN_PATH, withoutQuery } from './path.ts'
import { TENANT_PREFIX } from './tenant.ts'

/**
 * Whether a request is one of the calls by which a tool logs in and extends its session, alone or behind the prefix that
 * names a tenant. They are answered here: the session is the proxy's. Any other spelling of them is refused.
 */
export function authCallOf(method: string, target: string): 'login' | 'extend' | undefined {
  const path = withoutQuery(target).replace(TENANT_PREFIX, '')
  if (method === 'POST' && path === LOGIN_PATH) return 'login'
  return method === 'GET' && path === EXTEND_PATH ? 'extend' : undefined
}
