import type { IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import { Problem } from '../problem/problem.ts'
import { refusalBy } from './policy.ts'

/** Headers that have servers take another method for the one of the request line. */
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** A request of which it is known for whom it is. */
export interface Petition {
  readonly request: IncomingMessage
  /** The request target, as it is sent to the upstream. */
  readonly target: string
  readonly tenant: string
  /** The client that asks, by its name. */
  readonly client: string | null
}

/**
 * Lets a request pass that all policies which concern it allow.
 * @throws {Problem} `policy-denied`, naming what denies it
 */
export function permit({ policy, tenants, clients }: Config, { request, target, tenant, client }: Petition): void {
  const ofTenant = tenants.get(tenant)?.policy
  const ofClient = clients.find(({ name }) => name === client)?.policy
  const policies = [policy, ofTenant, ofClient].filter(each => each !== undefined)
  const refusal = refusalBy(policies, methodsOf(request), target)
  if (refusal !== undefined) throw new Problem('policy-denied', `The proxy does not forward this: ${refusal}`)
}

function methodsOf({ method, headers }: IncomingMessage): string[] {
  const overrides = METHOD_OVERRIDES.map(name => headers[name]?.toString().toUpperCase())
  return [method, ...overrides].filter(each => each !== undefined)
}
