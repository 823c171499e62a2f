import type { Config } from '../config/config.ts'
import { authCallOf } from '../request/auth-call.ts'
import type { ParsedRequest } from '../request/parse.ts'
import { withoutQuery } from '../request/target.ts'
import { isServedHost } from '../request/tenant.ts'
import type { Admission } from './admit.ts'

/** Probes need no client token to learn that the process lives: it is no secret, and they have none. */
const LIVENESS = '/_proxy/livez'

/** Who is admitted under a configuration, as far as that depends on what a request asks for. */
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

/** Who logs in shows its token as the password, in the body. */
function needsNoToken({ method, rawTarget, destination: { apiTarget, compute } }: ParsedRequest): boolean {
  if (withoutQuery(rawTarget) === LIVENESS) return true
  return authCallOf(method, withoutQuery(apiTarget), compute) === 'login'
}
