import { Secret } from '../kernel/secret.ts'
import type { ClientConfig } from './config.ts'
import { type Fault, InvalidValue } from './fault.ts'
import { isLoopback, parseAddress } from './network/address.ts'
import { hasTls } from './network/tls.ts'
import { policyOf } from './policy.ts'
import { readClient } from './schema/read-section.ts'
import type { Settings } from './schema/schema.ts'
import { attempt, faultOf, pathOf, type Setting, settingOf } from './schema/setting.ts'
import type { MergedSettings } from './sources/merged-settings.ts'
import { readLastingFile } from './sources/text-file.ts'

/** Shorter tokens can be guessed. */
const SHORTEST_TOKEN = 16

/** The client whose token is that of `listen.clientTokenFile`. */
const UNNAMED = 'default'

/**
 * The clients, each with its token. An address that other machines can reach without one is a fault, because whoever
 * reaches the proxy acts with its keys.
 */
export async function readClients(
  listen: Settings['listen'],
  groups: MergedSettings,
  faults: Fault[],
): Promise<ClientConfig[]> {
  const named = groups.namesIn('clients')
  const setting = settingOf(groups.inGroup(null), 'listen.clientTokenFile')
  // alone, it has no others to hide anything from
  const isAdmin = named.length === 0
  const clients =
    listen.clientTokenFile === null ? [] : [await unnamedClient(setting, listen.clientTokenFile, isAdmin, faults)]
  for (const name of named) clients.push(await namedClient(name, groups, faults))
  if (listen.clientTokenFile !== null && named.includes(UNNAMED)) faults.push(twice(setting))
  if (listen.clientTokenFile === null && named.length === 0) faults.push(...exposures(listen, groups))
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

async function namedClient(name: string, groups: MergedSettings, faults: Fault[]): Promise<ClientConfig | undefined> {
  const group = `clients.${name}`
  const { tokenFile, admin, access, allow, deny } = await readClient(name, groups.inGroup(group), faults)
  const setting = settingOf(groups.inGroup(group), 'tokenFile', group)
  if (tokenFile === null) {
    const cure = 'Name a file with a token of its own: openssl rand -hex 16.'
    faults.push({ key: pathOf(setting), origin: setting.origin, problem: 'is missing', cure, absence: true })
    return undefined
  }
  const token = await attempt(setting, faults, () => readTokenFile(tokenFile))
  return token && { name, token, admin, policy: policyOf({ name: group, access, allow, deny }) }
}

function twice(setting: Setting): Fault {
  const problem = `gives the token of the client that clients.${UNNAMED} gives, too`
  return { key: setting.key, origin: setting.origin, problem, cure: 'Keep one of the two.' }
}

/** With one token for two, nobody could say which of them asks. */
function sameTokens(clients: readonly ClientConfig[]): Fault[] {
  return clients.flatMap(({ name, token }, index) => {
    const other = clients.slice(0, index).find(client => client.token.equals(token))
    const key = `clients.${name}`
    const problem = `has the token of the client ${other?.name}`
    return other ? [{ key, origin: key, problem, cure: 'Give each client a token of its own.' }] : []
  })
}

/** What is to be said again and again to whoever listens with neither token nor loopback. */
export function warningOfExposure(listen: Settings['listen'], clients: readonly ClientConfig[]): string[] {
  const reachable = reachableAddresses(listen).map(key => listen[key])
  if (clients.length > 0 || reachable.length === 0) return []
  const places = reachable.join(' or ')
  return [`Whoever reaches ${places} acts with your access keys: listen.exposed lets clients in without a token.`]
}

/** The keys of addresses that other machines can reach. */
function reachableAddresses(listen: Settings['listen']): ('address' | 'tlsAddress')[] {
  return (['address', 'tlsAddress'] as const).filter(key => {
    const parsed = parseAddress(listen[key])
    return 'host' in parsed && !isLoopback(parsed.host) && (key === 'address' || hasTls(listen))
  })
}

function exposures(listen: Settings['listen'], groups: MergedSettings): Fault[] {
  if (listen.exposed) return []
  const problem = 'can be reached from other machines, but clients need no token'
  const cure =
    'Set listen.clientTokenFile, or listen at 127.0.0.1. listen.exposed: true is for a network that is closed by other means.'
  return reachableAddresses(listen).map(key =>
    faultOf(settingOf(groups.inGroup(null), `listen.${key}`), { problem, cure }),
  )
}

async function readTokenFile(path: string): Promise<Secret> {
  const token = (await readLastingFile(path)).trim()
  if (token.length >= SHORTEST_TOKEN) return new Secret(token)
  const problem = token === '' ? 'is empty' : `holds a token of less than ${SHORTEST_TOKEN} characters`
  throw new InvalidValue(problem, `Write a random token into it: openssl rand -hex ${SHORTEST_TOKEN}.`)
}
