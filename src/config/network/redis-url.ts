import { InvalidPart, InvalidValue, MalformedValue } from '../fault.ts'

/** Where a Redis is, and of which kind it is. */
export interface RedisUrl {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly tls: boolean
  /** The server, the sentinels, or nodes of the cluster; at least one. */
  readonly nodes: readonly [RedisNode, ...RedisNode[]]
  /** The name under which the sentinels know the primary; null unless there are sentinels. */
  readonly master: string | null
  /** The number of the database; always 0 in a cluster. */
  readonly database: number
}

/** The address of one server. An IPv6 address has no brackets. */
export interface RedisNode {
  readonly host: string
  readonly port: number
}

/** The scheme, the kind, the nodes, and the path without its first slash. */
const FORM = /^(redis|rediss)(?:-(sentinel|cluster))?:\/\/([^/?#]*)(?:\/([^?#]*))?$/i

const NODE = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i

const CURES = {
  single: 'expected redis://host:port or redis://host:port/database',
  sentinel: 'expected redis-sentinel://host:port,host:port/master',
  cluster: 'expected redis-cluster://host:port,host:port',
}

const DEFAULT_PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 }

const LARGEST_PORT = 65_535

/**
 * Reads the address of a Redis: `redis://host:port/database`, `redis-sentinel://host,host/master/database` or
 * `redis-cluster://host,host`, with `rediss` in place of `redis` for TLS. Throws an `InvalidValue`, also for a URL with
 * a user or password.
 */
export function readRedisUrl(text: string): RedisUrl {
  if (text.includes('@'))
    throw new InvalidPart('the URL contains a user or password', 'use fleet.redisUsername and fleet.redisPassword')
  const [, scheme, type = 'single', hosts = '', path = ''] = FORM.exec(text) ?? []
  if (scheme === undefined) throw new MalformedValue('invalid Redis URL', CURES.single)
  const kind = type.toLowerCase() as RedisUrl['kind']
  const [first = '', ...others] = hosts.split(',')
  const nodes: RedisUrl['nodes'] = [nodeOf(first, kind), ...others.map(host => nodeOf(host, kind))]
  if (kind === 'single' && nodes.length > 1)
    throw new InvalidValue('has several hosts', `${CURES.sentinel}, or ${CURES.cluster.slice('expected '.length)}`)
  return { kind, tls: scheme.toLowerCase() === 'rediss', nodes, ...placeOf(path, kind) }
}

function nodeOf(text: string, kind: RedisUrl['kind']): RedisNode {
  const [, host = '', port = DEFAULT_PORTS[kind]] = NODE.exec(text.trim()) ?? []
  const isPort = Number(port) > 0 && Number(port) <= LARGEST_PORT
  const canonical = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
  if (canonical === '' || !isPort) throw new MalformedValue('invalid Redis URL', CURES[kind])
  return { host: canonical.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** Reads the path: the name of the primary, for sentinels, and the number of the database, except for a cluster. */
function placeOf(path: string, kind: RedisUrl['kind']): Pick<RedisUrl, 'master' | 'database'> {
  const parts = path.split('/')
  const master = kind === 'sentinel' ? `${parts.shift()}` : null
  const [database = '', ...others] = parts
  if (others.length > 0 || !/^\d{0,5}$/.test(database)) throw new MalformedValue('invalid Redis URL', CURES[kind])
  if (master !== null && !/^[\w.-]+$/.test(master)) throw new InvalidValue('names no master', CURES.sentinel)
  if (kind === 'cluster' && Number(database) > 0)
    throw new InvalidValue('names a database, but a cluster has only one', CURES.cluster)
  return { master, database: Number(database) }
}
