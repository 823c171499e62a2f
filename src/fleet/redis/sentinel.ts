import type { RedisNode } from '../../config/network/redis-url.ts'
import type { Link, LinkOptions } from './link.ts'
import { StoreError } from './store-error.ts'

type OpenServer = (node: RedisNode, options: LinkOptions) => Promise<Link>

/** A sentinel that said where the primary is. */
interface Informant {
  readonly node: RedisNode
  readonly sentinel: Link
  readonly primary: RedisNode
  /** Ends the link to the sentinel. */
  readonly end: () => void
}

/**
 * Opens a link to the primary that the sentinels name. It fails as soon as they name another: the old primary may accept
 * writes for seconds that will be lost.
 */
export async function openPrimary(
  sentinels: readonly RedisNode[],
  master: string,
  options: LinkOptions,
  openServer: OpenServer,
): Promise<Link> {
  const { sentinel, primary } = await firstInformant(sentinels, master, options, openServer)
  await sentinel.subscribe('+switch-master', message => {
    if (message.startsWith(`${master} `))
      options.onError(new StoreError('the sentinels have made another Redis primary'))
  })
  const server = await openServer(primary, options)
  return {
    send: server.send,
    subscribe: server.subscribe,
    ping: async () => void (await Promise.all([server.ping(), sentinel.ping()])),
  }
}

/** Asks all sentinels. The first that knows the primary is kept; if there is none, the first error is thrown. */
async function firstInformant(
  sentinels: readonly RedisNode[],
  master: string,
  options: LinkOptions,
  openServer: OpenServer,
): Promise<Informant> {
  let kept: RedisNode | undefined
  const asked = sentinels.map(node => {
    // that a sentinel fails is no error as long as another one knows the primary
    const onError = (error: Error) => kept === node && options.onError(error)
    return informant(node, master, { ...options, onError }, openServer)
  })
  const first = await Promise.any(asked).catch(({ errors }: AggregateError) => Promise.reject(errors[0]))
  kept = first.node
  for (const each of asked)
    each.then(
      other => other !== first && other.end(),
      () => undefined,
    )
  return first
}

async function informant(
  node: RedisNode,
  master: string,
  { signal, ...others }: LinkOptions,
  openServer: OpenServer,
): Promise<Informant> {
  const ended = new AbortController()
  const end = () => ended.abort()
  signal.addEventListener('abort', end, { once: true })
  const options = { ...others, database: 0, signal: ended.signal }
  try {
    const sentinel = await openSentinel(node, options, openServer)
    const reply = await sentinel.send(undefined, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master])
    if (!Array.isArray(reply))
      throw new StoreError(`the sentinels know no master named "${master}": correct its name in fleet.redisUrl`)
    return { node, sentinel, primary: { host: `${reply[0]}`, port: Number(reply[1]) }, end }
  } catch (error) {
    end()
    throw error
  }
}

/** Connects without a login first: most sentinels have none, and would reject the one of the servers. */
async function openSentinel(node: RedisNode, options: LinkOptions, openServer: OpenServer): Promise<Link> {
  try {
    return await openServer(node, { ...options, credentials: async () => ({}) })
  } catch (error) {
    if (!/\bNOAUTH\b/.test(`${error}`)) throw error
    return openServer(node, options)
  }
}
