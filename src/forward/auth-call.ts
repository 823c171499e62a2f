/** Alone, or behind the prefix that names a tenant. */
const LOGIN = /^(?:\/_tenant\/[^/?]*)?\/login(?:\?|$)/
const EXTEND = /^(?:\/_tenant\/[^/?]*)?\/auth_token\/extend(?:\?|$)/

/**
 * Whether a request is one of the calls by which a tool logs in and extends its session. They are answered here: the
 * session is the proxy's. Any other spelling of them is refused.
 */
export function authCallOf(method: string, target: string): 'login' | 'extend' | undefined {
  if (method === 'POST' && LOGIN.test(target)) return 'login'
  return method === 'GET' && EXTEND.test(target) ? 'extend' : undefined
}
