import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { newFolder } from './folder.ts'
import { freePort } from './free-port.ts'
import { type Ca, issue } from './pki.ts'
import { follow, run, spawnBare } from './process.ts'
import { until } from './until.ts'

const HOST = '127.0.0.1'

/** What a server is started with. */
export interface RedisOptions {
  /** Serves TLS alone, with a certificate of this authority; clients need one of it, too, if it says so. */
  readonly tls?: { readonly ca: Ca; readonly clients: boolean }
  readonly password?: string
  readonly replicaOf?: RedisServer
  /** Further lines of its configuration, as in redis.conf: `user proxy on >secret …`, `maxmemory 1mb`. */
  readonly lines?: readonly string[]
}

/** A redis-server of Debian's. It ends with the test. */
export interface RedisServer {
  readonly host: string
  readonly port: number
  /** Without user and password. */
  readonly url: string
  readonly folder: string
  /** Runs a command as the default user, and gives what redis-cli prints. */
  cli(...command: string[]): Promise<string>
  /** Stops it in its tracks: it accepts connections, and says nothing. */
  freeze(): void
  thaw(): void
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
  /** Starts it again after `kill`, at its port and with nothing in it. */
  restart(): Promise<void>
}

/** Starts a redis-server that keeps nothing on disk. */
export async function startRedis(t: Test, options: RedisOptions = {}): Promise<RedisServer> {
  const folder = newFolder(t)
  const port = await freePort()
  const file = join(folder, 'redis.conf')
  const access = options.tls ? await tlsFiles(folder, options.tls.ca) : []
  writeFileSync(file, [...linesOf(port, folder, options), ...(options.lines ?? [])].join('\n'))
  const start = async () => {
    const running = follow(t, spawnBare('redis-server', [file]))
    await running.until(/eady to accept connections/)
    return running
  }
  let running = await start()
  const env: Record<string, string> = options.password ? { REDISCLI_AUTH: options.password } : {}
  return {
    host: HOST,
    port,
    url: `${options.tls ? 'rediss' : 'redis'}://${HOST}:${port}`,
    folder,
    cli: (...command) => redisCli(port, [...access, ...command], env),
    freeze: () => running.process.kill('SIGSTOP'),
    thaw: () => running.process.kill('SIGCONT'),
    async kill() {
      running.process.kill('SIGKILL')
      await running.ended
    },
    async restart() {
      running = await start()
    },
  }
}

function linesOf(port: number, folder: string, { tls, password, replicaOf }: RedisOptions): string[] {
  const pem = (name: string) => join(folder, name)
  return [
    `bind ${HOST}`,
    `dir ${folder}`,
    'save ""',
    'enable-debug-command yes',
    // else replicas have nothing for the first five seconds
    'repl-diskless-sync-delay 0',
    ...(tls
      ? [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${pem('cert.pem')}`,
          `tls-key-file ${pem('key.pem')}`,
          `tls-ca-cert-file ${pem('ca.pem')}`,
          `tls-auth-clients ${tls.clients ? 'yes' : 'no'}`,
        ]
      : [`port ${port}`]),
    ...(password ? [`requirepass ${password}`] : []),
    ...(replicaOf ? [`replicaof ${replicaOf.host} ${replicaOf.port}`] : []),
  ]
}

/** Writes the certificates, and gives the arguments with which redis-cli uses them. */
async function tlsFiles(folder: string, ca: Ca): Promise<string[]> {
  const { cert, key } = await issue(ca, { names: ['localhost', HOST] })
  for (const [name, text] of Object.entries({ ca: ca.cert, cert, key }))
    writeFileSync(join(folder, `${name}.pem`), text)
  const pem = (name: string) => join(folder, `${name}.pem`)
  return ['--tls', '--cacert', pem('ca'), '--cert', pem('cert'), '--key', pem('key')]
}

async function redisCli(port: number, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run('redis-cli', ['-h', HOST, '-p', `${port}`, ...args], env)
  return stdout.trim()
}

/** A primary with two replicas, and a sentinel that watches them. */
export interface SentinelRig {
  readonly servers: readonly [RedisServer, RedisServer, RedisServer]
  readonly sentinelPort: number
  /** `redis-sentinel://127.0.0.1:port/main`. */
  readonly url: string
  /** The port of the primary, as the sentinel knows it. */
  primary(): Promise<number>
  /** Has the sentinel make a replica the primary, although the primary works. */
  failOver(): Promise<void>
}

/** Starts a primary, two replicas and a redis-sentinel, which knows the primary as `main`. */
export async function startSentinel(t: Test): Promise<SentinelRig> {
  const first = await startRedis(t)
  const replicas = await Promise.all([startRedis(t, { replicaOf: first }), startRedis(t, { replicaOf: first })])
  const sentinelPort = await freePort()
  const file = join(newFolder(t), 'sentinel.conf')
  const lines = [
    `bind ${HOST}`,
    `port ${sentinelPort}`,
    `sentinel monitor main ${HOST} ${first.port} 1`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 5000',
  ]
  writeFileSync(file, lines.join('\n'))
  const sentinel = follow(t, spawnBare('redis-sentinel', [file]))
  await sentinel.until(/Sentinel ID is/)
  const ask = (...words: string[]) => redisCli(sentinelPort, ['SENTINEL', ...words])
  await until(async () => (await ask('REPLICAS', 'main')).split('master-link-status\nok').length === 3)
  return {
    servers: [first, ...replicas],
    sentinelPort,
    url: `redis-sentinel://${HOST}:${sentinelPort}/main`,
    failOver: async () => void (await ask('FAILOVER', 'main')),
    primary: async () => Number((await ask('GET-MASTER-ADDR-BY-NAME', 'main')).split('\n')[1]),
  }
}

/** Three primaries, each with a replica. */
export interface ClusterRig {
  readonly servers: readonly RedisServer[]
  /** `redis-cluster://127.0.0.1:port,…`, with all six. */
  readonly url: string
  /** Moves a key's slot to another primary. */
  moveSlotOf(key: string): Promise<void>
  /** The server that has a key. */
  ownerOf(key: string): Promise<RedisServer>
}

/** Starts six servers and makes a cluster of them. */
export async function startCluster(t: Test, lines: readonly string[] = []): Promise<ClusterRig> {
  const servers: RedisServer[] = []
  for (let count = 0; count < 6; count++) {
    const own = ['cluster-enabled yes', `cluster-port ${await freePort()}`, 'cluster-node-timeout 1000', ...lines]
    servers.push(await startRedis(t, { lines: own }))
  }
  const addresses = servers.map(({ port }) => `${HOST}:${port}`)
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'])
  const isUp = async ({ cli }: RedisServer) => {
    const [state, replication] = [await cli('CLUSTER', 'INFO'), await cli('INFO', 'replication')]
    return state.includes('cluster_state:ok') && /role:master|master_link_status:up/.test(replication)
  }
  await until(async () => (await Promise.all(servers.map(isUp))).every(Boolean))
  const [first] = servers as [RedisServer]
  const nodes = async () => {
    const lines = (await first.cli('CLUSTER', 'NODES')).split('\n').map(line => line.split(' '))
    return lines.map(([id = '', address = '', flags = '', , , , , , ...slots]) => ({ id, address, flags, slots }))
  }
  const primaryOf = async (key: string) => {
    const slot = Number(await first.cli('CLUSTER', 'KEYSLOT', key))
    const has = (range: string) => {
      const [from, to = from] = range.split('-')
      return Number(from) <= slot && slot <= Number(to)
    }
    const all = (await nodes()).filter(({ flags }) => flags.includes('master') && !flags.includes('fail'))
    return { slot, owner: all.find(({ slots }) => slots.some(has)), other: all.find(({ slots }) => !slots.some(has)) }
  }
  const serverAt = (address = '') => {
    const port = Number(/:(\d+)@/.exec(address)?.[1])
    return servers.find(server => server.port === port) as RedisServer
  }
  return {
    servers,
    url: `redis-cluster://${addresses.join(',')}`,
    ownerOf: async key => serverAt((await primaryOf(key)).owner?.address),
    async moveSlotOf(key) {
      const { slot, owner, other } = await primaryOf(key)
      const [from, to] = [serverAt(owner?.address), serverAt(other?.address)]
      await to.cli('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', `${owner?.id}`)
      await from.cli('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', `${other?.id}`)
      const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', `${slot}`, '1000')).split('\n').filter(Boolean)
      if (keys.length > 0) await from.cli('MIGRATE', HOST, `${to.port}`, '', '0', '5000', 'KEYS', ...keys)
      for (const { cli } of [to, from]) await cli('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', `${other?.id}`)
    },
  }
}
