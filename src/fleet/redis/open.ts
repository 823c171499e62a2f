import type { RedisConfig } from '../../config/config.ts'
import { tlsOptions } from '../../upstream/connection/trust.ts'
import type { Login, OpenLink } from './link.ts'
import { openPrimary } from './sentinel.ts'

/** Returns a function that opens links as configured. The client library is loaded when it is first called. */
export function linkOpener({ url, username, readPassword, authorities, identity }: RedisConfig): OpenLink {
  const own = identity && { cert: identity.cert, key: identity.key.reveal() }
  let trust: ReturnType<typeof tlsOptions> | undefined
  // reading the CAs takes tens of milliseconds, which the first login need not wait for
  const trusted = () => (trust ??= tlsOptions(authorities, own))
  const credentials = async (): Promise<Login> => {
    const password = await readPassword()
    return { ...(username !== null && { username }), ...(password && { password: password.reveal() }) }
  }
  return async (signal, onError) => {
    const { openCluster, openServer } = await import('./client.ts')
    const tls = url.tls ? trusted() : null
    const options = { tls, credentials, database: url.database, signal, onError }
    if (url.kind === 'cluster') return openCluster(url.nodes, options)
    if (url.master === null) return openServer(url.nodes[0], options)
    return openPrimary(url.nodes, url.master, options, openServer)
  }
}
