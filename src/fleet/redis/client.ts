import { createClient, createCluster, type RedisClientOptions } from '@redis/client'
import type { RedisNode } from '../../config/network/redis-url.ts'
import type { Link, LinkOptions } from './link.ts'

/** How long TCP and TLS may take to connect, in milliseconds. */
const CONNECT_TIMEOUT = 2000

/**
 * Returns the options of every connection. The library restores none by itself: its waits keep the process alive, and
 * a primary may have moved meanwhile. Nor does it queue commands, or start a timer for each.
 */
function optionsFor({ tls, credentials, database }: LinkOptions) {
  return {
    name: 'prismacloud-proxy',
    database,
    socket: { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false, ...(tls && { ...tls, tls: true as const }) },
    credentialsProvider: { type: 'async-credentials-provider', credentials },
    disableOfflineQueue: true,
    // both would send commands that the user of Redis need not be allowed to run
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { timeout: 0 },
  } satisfies RedisClientOptions
}

async function connect(node: RedisNode, options: LinkOptions) {
  const { socket, ...others } = optionsFor(options)
  const client = createClient({ ...others, socket: { ...socket, ...node } }).on('error', options.onError)
  // destroying it while it connects has no effect on the socket
  client.on('connect', () => options.signal.aborted && client.destroy())
  await endingWith(options.signal, client, () => client.connect())
  return client
}

/** Runs `opening`, and destroys what it opens when the signal aborts, even if that is before it is done. */
async function endingWith(signal: AbortSignal, opened: { destroy(): void }, opening: () => Promise<unknown>) {
  signal.addEventListener('abort', () => opened.destroy(), { once: true })
  await opening().finally(() => signal.aborted && opened.destroy())
}

/** Opens a link to one server: a connection for commands, and one for messages. */
export async function openServer(node: RedisNode, options: LinkOptions): Promise<Link> {
  const [commands, messages] = await Promise.all([connect(node, options), connect(node, options)])
  return {
    send: (_key, command) => commands.sendCommand([...command]),
    subscribe: (channel, heard) => messages.subscribe(channel, heard),
    ping: async () => void (await Promise.all([commands.ping(), messages.ping()])),
  }
}

/** Opens a link to a cluster: a connection to each of its primaries, and one for messages. */
export async function openCluster(nodes: readonly RedisNode[], options: LinkOptions): Promise<Link> {
  const cluster = createCluster({ rootNodes: nodes.map(node => ({ socket: node })), defaults: optionsFor(options) })
  cluster.on('error', options.onError).on('node-error', options.onError)
  await endingWith(options.signal, cluster, () => cluster.connect())
  // a primary that refused a connection is left out when the library asks the next node
  await Promise.all(cluster.masters.map(node => cluster.nodeClient(node)))
  return {
    send: (key, command) => cluster.sendCommand(key, false, [...command]),
    subscribe: (channel, heard) => cluster.subscribe(channel, heard),
    async ping() {
      const clients = [...cluster.masters, cluster.pubSubNode].map(node => node?.client)
      await Promise.all(clients.map(client => client?.ping()))
    },
  }
}
