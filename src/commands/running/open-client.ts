import { readTokenFile } from '../../config/clients.ts'
import type { InvalidValue } from '../../config/fault.ts'
import { type Flag, UsageError } from '../../kernel/arguments.ts'
import { ProxyClient } from './proxy-client.ts'

const DEFAULT_URL = 'http://127.0.0.1:9080'

/** The flags of every command that asks a running proxy. */
export const PROXY_FLAGS: readonly Flag[] = [
  { name: '--url', kind: 'value', placeholder: 'URL', text: 'Where the proxy listens.', default: DEFAULT_URL },
  { name: '--token-file', kind: 'value', placeholder: 'FILE', text: 'File with the token of a client.' },
]

/**
 * Makes the client that flags describe.
 * @throws {UsageError} that names the flag and the cure, but no value
 */
export async function openClient(given: ReadonlyMap<string, string>): Promise<ProxyClient> {
  return new ProxyClient(urlOf(given), await tokenOf(given))
}

function urlOf(given: ReadonlyMap<string, string>): string {
  const text = given.get('--url') ?? DEFAULT_URL
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username) return url.origin
  throw new UsageError(`invalid value for --url; expected something like ${DEFAULT_URL}`)
}

async function tokenOf(given: ReadonlyMap<string, string>) {
  const file = given.get('--token-file')
  if (file === undefined) return null
  return readTokenFile(file).catch(({ problem, cure }: InvalidValue) => {
    throw new UsageError(`--token-file ${problem}; ${cure}`)
  })
}
