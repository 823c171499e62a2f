import { EXTEND_PATH, LOGIN_PATH } from './target.ts'

const COMPUTE_LOGIN = /^\/api\/v[\d.]+\/authenticate$/
const COMPUTE_EXTENSION = /^\/api\/v[\d.]+\/authenticate\/renew$/

/**
 * Returns which auth call a request is, if any: `login` or `extend`. The proxy responds to both itself, because it owns
 * the session. Any other spelling of their paths is rejected.
 */
export function authCallOf(method: string, path: string, compute: boolean): 'login' | 'extend' | undefined {
  if (method === 'POST' && (compute ? COMPUTE_LOGIN.test(path) : path === LOGIN_PATH)) return 'login'
  return method === 'GET' && (compute ? COMPUTE_EXTENSION.test(path) : path === EXTEND_PATH) ? 'extend' : undefined
}
