import { EXTEND_PATH, LOGIN_PATH } from './target.ts'

const COMPUTE_LOGIN = /^\/api\/v[\d.]+\/authenticate$/
const COMPUTE_EXTENSION = /^\/api\/v[\d.]+\/authenticate\/renew$/

/**
 * Whether a request is one of the calls by which a tool logs in and extends its session. They are answered here: the
 * session is the proxy's. Any other spelling of them is refused.
 */
export function authCallOf(method: string, path: string, compute: boolean): 'login' | 'extend' | undefined {
  if (method === 'POST' && (compute ? COMPUTE_LOGIN.test(path) : path === LOGIN_PATH)) return 'login'
  return method === 'GET' && (compute ? COMPUTE_EXTENSION.test(path) : path === EXTEND_PATH) ? 'extend' : undefined
}
