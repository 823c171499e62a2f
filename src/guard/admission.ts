import type { Config } from '../config/config.ts'
import { authCallOf } from '../request/auth-call.ts'
import { HOME_ROUTE, ICON_ROUTE, PAGE_ROUTES } from '../request/own-path.ts'
import type { ParsedRequest } from '../request/parse.ts'
import { withoutQuery } from '../request/target.ts'
import { isServedHost } from '../request/tenant.ts'
import type { Admission } from './admit.ts'

/**
 * The routes that need no client token. Probes have none, and it is no secret that the process is alive. Browsers cannot
 * send one for a page and what it loads; the page itself asks for it, and nothing of it is a secret.
 */
const OPEN_ROUTES = ['/_proxy/livez', HOME_ROUTE, `${HOME_ROUTE}/`, ICON_ROUTE, ...PAGE_ROUTES]

/** The pages about problem types need none either, so that a browser can follow links to them. */
const PROBLEM_PAGES = '/_proxy/problems/'

/**
 * Returns the rules of admission for a request under a configuration. `route` is the one that serves it, `loggedIn` is
 * {@link Admission.loggedIn}.
 */
export function admissionOf(
  { listen, tenants, clients }: Config,
  request: ParsedRequest,
  route: string,
  loggedIn: Admission['loggedIn'],
): Admission {
  return {
    trustedHosts: listen.trustedHosts,
    isServedHost: host => isServedHost(host, tenants),
    needsNone: clients.length > 0 && needsNoToken(request, route),
    clients,
    loggedIn,
  }
}

/** Whether a request needs no token in its headers. A login sends the client token as the password in its body. */
function needsNoToken({ method, destination: { apiTarget, compute } }: ParsedRequest, route: string): boolean {
  const path = withoutQuery(route)
  if (OPEN_ROUTES.includes(path) || path.startsWith(PROBLEM_PAGES)) return true
  return authCallOf(method, withoutQuery(apiTarget), compute) === 'login'
}
