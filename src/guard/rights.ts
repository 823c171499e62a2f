import type { Config } from '../config/config.ts'
import { Problem } from '../problem/problem.ts'
import { refusalBy } from './policy.ts'

/** Whether a client, by its name, may see what others do. Where there are no clients, everybody may. */
export function isAdmin({ clients }: Pick<Config, 'clients'>, client: string | null): boolean {
  return clients.length === 0 || clients.some(({ name, admin }) => name === client && admin)
}

/**
 * Lets a client see what others do.
 * @throws {Problem} `policy-denied` for one that is no admin
 */
export function authorizeAdmin(config: Pick<Config, 'clients'>, client: string | null): void {
  if (isAdmin(config, client)) return
  throw new Problem('policy-denied', `This tells what other clients do: it takes clients.${client}.admin`)
}

/**
 * Lets a client end the proxy. That is a write: an admin's own policy must allow it, and for any other client those of all
 * clients and of some tenant too.
 * @throws {Problem} `policy-denied`, naming what denies it
 */
export function authorizeQuit(config: Config, client: string | null): void {
  const { admin, clients, policy, tenants } = config
  if (!admin.quit) throw new Problem('policy-denied', 'The proxy cannot be ended so: admin.quit is off')
  const own = clients.find(({ name }) => name === client)
  const general = isAdmin(config, client) ? [[]] : [...tenants.values()].map(tenant => [policy, tenant.policy])
  const [refusal, ...others] = general.map(policies => {
    const concerned = [own?.policy ?? null, ...policies].filter(each => each !== null)
    return refusalBy(concerned, 'POST', ['/_proxy/quit'])
  })
  if (refusal !== undefined && others.every(each => each !== undefined))
    throw new Problem('policy-denied', `Only a client that may write may end the proxy: ${refusal}`)
}
