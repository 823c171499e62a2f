import type { Config } from '../config/config.ts'
import type { Policy } from '../config/policy.ts'
import { Problem } from '../problem/problem.ts'
import type { Exchange } from '../request/exchange.ts'
import type { Readings } from '../request/readings.ts'
import { refusalBy } from './policy.ts'

/** Whom a request is for, and the paths that the API may take its path for. */
export interface AuthorizedTarget {
  readonly tenant: string
  readonly readings: Readings
}

/**
 * Lets a request pass that all policies which concern it allow.
 * @throws {Problem} `policy-denied`, naming what denies it; `client-unauthorized` where clients need a token
 */
export function authorize(
  config: Config,
  { client, method }: Pick<Exchange, 'client' | 'method'>,
  { tenant, readings }: AuthorizedTarget,
): void {
  // who shows none is let in to log in, and for nothing else
  if (client === null && config.clients.length > 0) throw new Problem('client-unauthorized', 'Show the client token')
  const policies = policiesFor(config, tenant, client)
  const refusal = refusalBy(policies, method, readings.all)
  if (refusal !== undefined) throw new Problem('policy-denied', `The proxy does not forward this: ${refusal}`)
}

function policiesFor({ policy, tenants, clients }: Config, tenant: string, client: string | null): Policy[] {
  const ofClient = client === null ? undefined : clients.find(({ name }) => name === client)
  const concerned = [policy, tenants.get(tenant)?.policy ?? null, ofClient?.policy ?? null]
  return concerned.filter(each => each !== null)
}
