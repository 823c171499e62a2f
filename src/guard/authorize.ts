import type { Config } from '../config/config.ts'
import type { Policy } from '../config/policy.ts'
import { Problem } from '../problem/problem.ts'
import type { Exchange } from '../request/exchange.ts'
import type { Readings } from '../request/readings.ts'
import { blockedBy } from './policy.ts'

/** The tenant that a request is for, and the ways in which the API may read its path. */
export interface AuthorizedTarget {
  readonly tenant: string
  readonly readings: Readings
}

/**
 * Checks a request against the policies for all, for its tenant and for its client.
 * @throws {Problem} `policy-denied`, naming the rule; `client-unauthorized` if the request needs a client token
 */
export function authorize(
  config: Config,
  { client, method }: Pick<Exchange, 'client' | 'method'>,
  { tenant, readings }: AuthorizedTarget,
): void {
  // a client without a token is admitted only to log in
  if (client === null && config.clients.length > 0)
    throw new Problem(
      'client-unauthorized',
      'This request requires a client token; without one, a client may only log in',
    )
  const policies = policiesFor(config, tenant, client)
  const reason = blockedBy(policies, method, readings)
  if (reason !== undefined) throw new Problem('policy-denied', reason)
}

function policiesFor({ policy, tenants, clients }: Config, tenant: string, client: string | null): Policy[] {
  const ofClient = client === null ? undefined : clients.find(({ name }) => name === client)
  const applicable = [policy, tenants.get(tenant)?.policy ?? null, ofClient?.policy ?? null]
  return applicable.filter(each => each !== null)
}
