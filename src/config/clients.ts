import { Secret } from '../kernel/secret.ts'
import { isLoopback } from '../stacks/loopback.ts'
import type { ClientConfig } from './config.ts'
import { type Fault, InvalidValue } from './fault.ts'
import { parseAddress } from './network/address.ts'
import { hasTls } from './network/listening.ts'
import { checkAllow, policyOf } from './policy.ts'
import { readClient } from './schema/read-section.ts'
import type { Settings } from './schema/schema.ts'
import { type Setting, settingOf } from './schema/setting.ts'
import { attempt, faultOf, missing, placeOf } from './schema/setting-faults.ts'
import type { MergedSettings } from './sources/merged-settings.ts'
import { readLastingFile } from './sources/text-file.ts'

/** The shortest token, in characters. A shorter one could be guessed. */
const SHORTEST_TOKEN = 16

const TOKEN_COMMAND = `openssl rand -hex ${SHORTEST_TOKEN}`

/** The name of the client whose token is in `listen.clientTokenFile`. */
const UNNAMED = 'default'

/**
 * Reads the clients, each with its token. If there are no clients, an address that other machines can reach is a fault:
 * anyone who reaches the proxy could act with its access keys.
 */
export async function readClients(
  listen: Settings['listen'],
  merged: MergedSettings,
  faults: Fault[],
): Promise<ClientConfig[]> {
  const named = merged.namesIn('clients')
  const setting = settingOf(merged.inGroup(null), 'listen.clientTokenFile')
  // if there is only one client, there are no others whose activity must be hidden from it
  const isAdmin = named.length === 0
  const clients =
    listen.clientTokenFile === null ? [] : [await unnamedClient(setting, listen.clientTokenFile, isAdmin, faults)]
  for (const name of named) clients.push(await namedClient(name, merged, faults))
  if (listen.clientTokenFile !== null && named.includes(UNNAMED)) faults.push(twice(setting))
  if (listen.clientTokenFile === null && named.length === 0) faults.push(...exposures(listen, merged))
  const known = clients.filter(client => client !== undefined)
  faults.push(...sameTokens(known))
  return known
}

async function unnamedClient(
  setting: Setting,
  file: string,
  admin: boolean,
  faults: Fault[],
): Promise<ClientConfig | undefined> {
  const token = await attempt(setting, faults, () => readTokenFile(file))
  return token && { name: UNNAMED, token, admin, policy: null }
}

async function namedClient(name: string, merged: MergedSettings, faults: Fault[]): Promise<ClientConfig | undefined> {
  const group = `clients.${name}`
  const { tokenFile, admin, access, allow, deny } = await readClient(name, merged.inGroup(group), faults)
  await attempt(settingOf(merged.inGroup(group), 'allow', group), faults, () => checkAllow({ access, allow }))
  const setting = settingOf(merged.inGroup(group), 'tokenFile', group)
  if (tokenFile === null) {
    faults.push(missing(setting, `name a file with a random token for this client (${TOKEN_COMMAND})`))
    return undefined
  }
  const token = await attempt(setting, faults, () => readTokenFile(tokenFile))
  return token && { name, token, admin, policy: policyOf({ name: group, access, allow, deny }) }
}

function twice(setting: Setting): Fault {
  const problem = `conflicts with clients.${UNNAMED}: both set the token of that client`
  return { ...placeOf(setting), problem, cure: 'remove one of the two' }
}

/** Returns faults for clients with equal tokens, which could not be told apart. */
function sameTokens(clients: readonly ClientConfig[]): Fault[] {
  return clients.flatMap(({ name, token }, index) => {
    const other = clients.slice(0, index).find(client => client.token.equals(token))
    const key = `clients.${name}`
    const problem = `has the same token as clients.${other?.name}`
    return other ? [{ key, origin: key, problem, cure: 'give each client its own token' }] : []
  })
}

/** Returns a warning if the proxy listens on an address that other machines can reach and clients need no token. */
export function warningOfExposure(listen: Settings['listen'], clients: readonly ClientConfig[]): string[] {
  const reachable = reachableAddresses(listen).map(key => listen[key])
  if (clients.length > 0 || reachable.length === 0) return []
  return [
    `anyone who can reach ${reachable.join(' or ')} can use your access keys, because listen.exposed is true and clients need no token`,
  ]
}

/** Returns the keys of the addresses that other machines can reach. */
function reachableAddresses(listen: Settings['listen']): ('address' | 'tlsAddress')[] {
  return (['address', 'tlsAddress'] as const).filter(key => {
    const parsed = parseAddress(listen[key])
    return 'host' in parsed && !isLoopback(parsed.host) && (key === 'address' || hasTls(listen))
  })
}

function exposures(listen: Settings['listen'], merged: MergedSettings): Fault[] {
  if (listen.exposed) return []
  const problem = 'is reachable from other machines, but clients need no token'
  const cure =
    'set listen.clientTokenFile, or listen on 127.0.0.1 (set listen.exposed: true only on a network that is protected in another way)'
  return reachableAddresses(listen).map(key =>
    faultOf(settingOf(merged.inGroup(null), `listen.${key}`), { problem, cure }),
  )
}

/**
 * Reads the token of a client from a file.
 * @throws {InvalidValue} if the file cannot be read, or has no token of enough characters
 */
export async function readTokenFile(path: string): Promise<Secret> {
  const token = (await readLastingFile(path)).trim()
  if (token.length >= SHORTEST_TOKEN) return new Secret(token)
  const problem = token === '' ? 'is empty' : `contains a token of fewer than ${SHORTEST_TOKEN} characters`
  throw new InvalidValue(problem, `write a random token to it (${TOKEN_COMMAND})`)
}
