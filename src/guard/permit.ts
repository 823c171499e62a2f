import type { Config } from '../config/config.ts'
import type { Policy } from '../config/policy.ts'
import type { Journey } from '../forward/journey.ts'
import { Problem } from '../problem/problem.ts'
import { refusalBy } from './policy.ts'

/**
 * Lets a request pass that all policies which concern it allow.
 * @throws {Problem} `policy-denied`, naming what denies it; `client-unauthorized` where clients need a token
 */
export function permit(config: Config, { readings, tenant, exchange }: Journey): void {
  // who shows none is let in to log in, and for nothing else
  if (exchange.client === null && config.clients.length > 0)
    throw new Problem('client-unauthorized', 'Show the client token')
  const policies = policiesFor(config, tenant, exchange.client)
  const refusal = refusalBy(policies, exchange.method, readings.all)
  if (refusal !== undefined) throw new Problem('policy-denied', `The proxy does not forward this: ${refusal}`)
}

function policiesFor({ policy, tenants, clients }: Config, tenant: string, client: string | null): Policy[] {
  const ofClient = client === null ? undefined : clients.find(({ name }) => name === client)
  const concerned = [policy, tenants.get(tenant)?.policy ?? null, ofClient?.policy ?? null]
  return concerned.filter(each => each !== null)
}
