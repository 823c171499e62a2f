import type { IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import { authCallOf } from '../request/auth-call.ts'
import { proxyFormHost } from '../request/proxy-form.ts'
import { withoutQuery } from '../request/target.ts'
import { isServedHost, readDestination } from '../request/tenant.ts'
import type { Admission } from './admit.ts'

/** It needs no client token, as logging in does not: that the process lives is no secret, and probes have none. */
const LIVENESS = '/_proxy/livez'

/** A request as Fastify has it: `raw` as Node.js does, and the target as sent. */
interface Asked {
  readonly method: string
  readonly originalUrl: string
  readonly raw: IncomingMessage
}

/** Who is let in by a configuration, as far as that depends on what is asked. */
export function admissionOf(
  { listen, tenants, clients }: Config,
  { method, originalUrl, raw }: Asked,
  loggedIn: Admission['loggedIn'],
): Admission {
  const isLogin = () => {
    const host = proxyFormHost(raw) ?? raw.headers.host
    const { apiTarget, compute } = readDestination({ host, rawTarget: originalUrl })
    return authCallOf(method, withoutQuery(apiTarget), compute) === 'login'
  }
  return {
    trustedHosts: listen.trustedHosts,
    isServedHost: host => isServedHost(host, tenants),
    needsNone: clients.length > 0 && (withoutQuery(originalUrl) === LIVENESS || isLogin()),
    clients,
    loggedIn,
  }
}
