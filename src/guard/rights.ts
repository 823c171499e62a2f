import type { Config } from '../config/config.ts'
import { Problem } from '../problem/problem.ts'
import { blockedBy } from './policy.ts'

/** The only reading of the path that shuts down the proxy. */
const QUIT = { usual: '/_proxy/quit', all: ['/_proxy/quit'] }

/** Whether a client, given by its name, may see the activity of others. Without configured clients, everyone may. */
export function isAdmin({ clients }: Pick<Config, 'clients'>, client: string | null): boolean {
  return clients.length === 0 || clients.some(({ name, admin }) => name === client && admin)
}

/**
 * Checks that a client may see the activity of others.
 * @throws {Problem} `policy-denied` unless it is an admin
 */
export function authorizeAdmin(config: Pick<Config, 'clients'>, client: string | null): void {
  if (isAdmin(config, client)) return
  throw new Problem(
    'policy-denied',
    `Only admins may see the activity of other clients; set clients.${client}.admin: true`,
  )
}

/**
 * Checks that a client may shut down the proxy. This counts as a write: the client's own policy must allow it, and
 * unless the client is an admin, so must the policy for all and that of at least one tenant.
 * @throws {Problem} `policy-denied`, naming the setting or rule
 */
export function authorizeQuit(config: Config, client: string | null): void {
  const { admin, clients, policy, tenants } = config
  if (!admin.quit) throw new Problem('policy-denied', 'POST /_proxy/quit is disabled; set admin.quit: true')
  const own = clients.find(({ name }) => name === client)
  const general = isAdmin(config, client) ? [[]] : [...tenants.values()].map(tenant => [policy, tenant.policy])
  const [reason, ...others] = general.map(policies => {
    const applicable = [own?.policy ?? null, ...policies].filter(each => each !== null)
    return blockedBy(applicable, 'POST', QUIT)
  })
  if (reason !== undefined && others.every(each => each !== undefined))
    throw new Problem('policy-denied', `POST /_proxy/quit requires write access: ${reason}`)
}
