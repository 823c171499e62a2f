import { Secret } from '../kernel/secret.ts'
import { isLoopback, parseAddress } from './address.ts'
import { type Fault, InvalidValue } from './fault.ts'
import type { Settings } from './schema.ts'
import { attempt, faultOf, type Given, settingOf } from './setting.ts'
import { readLastingFile } from './text-file.ts'

/** Shorter tokens can be guessed. */
const SHORTEST_TOKEN = 16

/**
 * The token that clients must show, or null. An address that other machines can reach without one is a fault, because
 * whoever reaches the proxy acts with its keys.
 */
export async function readClientToken(
  { address, clientTokenFile }: Settings['listen'],
  given: Given,
  faults: Fault[],
): Promise<Secret | null> {
  if (clientTokenFile !== null) {
    const setting = settingOf(given, 'listen.clientTokenFile')
    return (await attempt(setting, faults, () => readTokenFile(clientTokenFile))) ?? null
  }
  const parsed = parseAddress(address)
  if ('host' in parsed && !isLoopback(parsed.host)) {
    const problem = 'can be reached from other machines, but clients need no token'
    const cure = 'Set listen.clientTokenFile, or listen at 127.0.0.1.'
    faults.push(faultOf(settingOf(given, 'listen.address'), { problem, cure }))
  }
  return null
}

async function readTokenFile(path: string): Promise<Secret> {
  const token = (await readLastingFile(path)).trim()
  if (token.length >= SHORTEST_TOKEN) return new Secret(token)
  const problem = token === '' ? 'is empty' : `holds a token of less than ${SHORTEST_TOKEN} characters`
  throw new InvalidValue(problem, `Write a random token into it: openssl rand -hex ${SHORTEST_TOKEN}.`)
}
