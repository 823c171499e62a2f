import { ConfigError, type Fault } from '../fault.ts'
import { readSettings } from '../schema/read-section.ts'
import type { Settings } from '../schema/schema.ts'
import type { Environment } from '../sources/environment.ts'
import { gatherSettings } from '../sources/gather.ts'
import { type Address, parseAddress } from './address.ts'

/** An address that the proxy is configured to listen at. */
export interface Listening {
  /** The configuration key that says so, such as `listen.address`. */
  readonly key: string
  readonly scheme: 'http' | 'https'
  readonly address: Address
}

/** The keys that the addresses depend on. */
const KEYS = ['listen.address', 'listen.tls', 'listen.tlsAddress', 'listen.tlsCertFile', 'admin.address']

/** Whether the proxy listens for https, too. */
export function hasTls({ tls, tlsCertFile }: Settings['listen']): boolean {
  return tls === 'auto' || tlsCertFile !== null
}

/**
 * Finds out where the proxy is configured to listen, without the cost of loading all of its configuration: reads no file
 * beside the configuration file, and does not mind what is wrong with other keys.
 * @throws {ConfigError} if the file cannot be read, or an address is invalid
 * @throws {UsageError} for arguments that are not flags of the configuration
 */
export async function findListening(args: readonly string[], env: Environment): Promise<readonly Listening[]> {
  const { file, merged, faults } = await gatherSettings(args, env)
  const wrong: Fault[] = file.usable ? [] : [...faults]
  const settings = await readSettings(merged.inGroup(null), wrong)
  const relevant = wrong.filter(({ key }) => !file.usable || KEYS.includes(key))
  if (relevant.length > 0) throw new ConfigError(relevant)
  return listeningOf(settings)
}

function listeningOf({ listen, admin }: Settings): Listening[] {
  const all: Listening[] = [{ key: 'listen.address', scheme: 'http', address: parseAddress(listen.address) }]
  if (hasTls(listen)) all.push({ key: 'listen.tlsAddress', scheme: 'https', address: parseAddress(listen.tlsAddress) })
  if (admin.address !== null) all.push({ key: 'admin.address', scheme: 'http', address: parseAddress(admin.address) })
  return all
}
