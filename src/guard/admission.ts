import type { Config } from '../config/config.ts'
import { authCallOf } from '../request/auth-call.ts'
import type { ParsedRequest } from '../request/parse.ts'
import { withoutQuery } from '../request/target.ts'
import { isServedHost } from '../request/tenant.ts'
import type { Admission } from './admit.ts'

/** The liveness probe, which needs no client token: probes have none, and it is no secret that the process is alive. */
const LIVENESS = '/_proxy/livez'

/** Returns the rules of admission for a request under a configuration. `loggedIn` is {@link Admission.loggedIn}. */
export function admissionOf(
  { listen, tenants, clients }: Config,
  request: ParsedRequest,
  loggedIn: Admission['loggedIn'],
): Admission {
  return {
    trustedHosts: listen.trustedHosts,
    isServedHost: host => isServedHost(host, tenants),
    needsNone: clients.length > 0 && needsNoToken(request),
    clients,
    loggedIn,
  }
}

/** Whether a request needs no token in its headers. A login sends the client token as the password in its body. */
function needsNoToken({ method, rawTarget, destination: { apiTarget, compute } }: ParsedRequest): boolean {
  if (withoutQuery(rawTarget) === LIVENESS) return true
  return authCallOf(method, withoutQuery(apiTarget), compute) === 'login'
}
