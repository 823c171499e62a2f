import type { RedisConfig } from '../../config/config.ts'
import type { RedisNode, RedisUrl } from '../../config/network/redis-url.ts'
import { tlsOptions } from '../../upstream/connection/trust.ts'
import type { LinkOptions, Login, OpenLink } from './link.ts'
import { StoreError } from './store-error.ts'

type Ask = (node: RedisNode, command: readonly string[], options: LinkOptions) => Promise<unknown>

/** Returns a function that opens links as configured. The client library is loaded when it is first called. */
export function linkOpener({ url, username, readPassword, authorities, identity }: RedisConfig): OpenLink {
  const own = identity && { cert: identity.cert, key: identity.key.reveal() }
  const tls = url.tls ? tlsOptions(authorities, own) : null
  const credentials = async (): Promise<Login> => {
    const password = await readPassword()
    return { ...(username !== null && { username }), ...(password && { password: password.reveal() }) }
  }
  return async (signal, onError) => {
    const { ask, openCluster, openServer } = await import('./client.ts')
    const options = { tls, credentials, database: url.database, signal, onError }
    if (url.kind === 'cluster') return openCluster(url.nodes, options)
    return openServer(url.master === null ? url.nodes[0] : await findPrimary(url, url.master, options, ask), options)
  }
}

/** Asks all sentinels where the primary is. The first to say so is believed; if none does, the first error is thrown. */
async function findPrimary({ nodes }: RedisUrl, master: string, options: LinkOptions, ask: Ask): Promise<RedisNode> {
  const ended = new AbortController()
  const end = () => ended.abort()
  options.signal.addEventListener('abort', end, { once: true })
  // that one sentinel does not respond is no error as long as another does
  const asking = { ...options, database: 0, signal: ended.signal, onError: () => undefined }
  const command = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master]
  const found = nodes.map(async node => placeOf(await askSentinel(node, command, asking, ask), master))
  return Promise.any(found)
    .catch(({ errors }: AggregateError) => Promise.reject(errors[0]))
    .finally(end)
}

/** Asks without a login first: most sentinels have none, and would reject the one of the servers. */
async function askSentinel(
  node: RedisNode,
  command: readonly string[],
  options: LinkOptions,
  ask: Ask,
): Promise<unknown> {
  try {
    return await ask(node, command, { ...options, credentials: async () => ({}) })
  } catch (error) {
    if (!/\bNOAUTH\b/.test(`${error}`)) throw error
    return ask(node, command, options)
  }
}

function placeOf(reply: unknown, master: string): RedisNode {
  if (!Array.isArray(reply))
    throw new StoreError(`the sentinels know no master named "${master}": correct its name in fleet.redisUrl`)
  const [host, port] = reply
  return { host: `${host}`, port: Number(port) }
}
