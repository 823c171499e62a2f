import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Host } from '../host.ts'
import type { Programs } from './programs.ts'

const HOST = '127.0.0.1'

const MISSING =
  'demo --fleet needs redis-server, which is not installed: run apt-get install redis-server (Debian, Ubuntu) or brew install redis (macOS)'

/** A redis-server that keeps nothing on disk. */
export interface RedisServer {
  /** The address as `redis://host:port`. */
  readonly url: string
  /** The id of its process. */
  readonly pid: number
  /** Kills it, as a crash does, and resolves when it has ended. */
  kill(): Promise<void>
  /** Starts it again after {@link kill}, at its port and with nothing in it. */
  restart(): Promise<void>
}

/** What {@link startRedis} needs. */
export interface RedisOptions {
  readonly programs: Programs
  /** The environment with the PATH on which redis-server is. */
  readonly env: Host['env']
  /** The folder that it runs in. */
  readonly folder: string
  /** The password without which nobody can use it. */
  readonly password: string
}

/** Starts the machine's redis-server at a free port. Rejects with an Error that says how to install it. */
export async function startRedis({ programs, env, folder, password }: RedisOptions): Promise<RedisServer> {
  const port = await freePort()
  const options = ['--port', `${port}`, '--bind', HOST, '--save', '', '--appendonly', 'no']
  const start = () =>
    programs.start(['redis-server', '-', ...options], {
      cwd: folder,
      env: { PATH: env.PATH },
      // a part of the configuration; other users could see it among the arguments
      input: `requirepass ${password}\n`,
      ready: /Ready to accept connections/,
    })
  let program = await start().catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(MISSING) : error
  })
  return {
    url: `redis://${HOST}:${port}`,
    get pid() {
      return program.pid
    },
    kill: () => program.kill(),
    async restart() {
      program = await start()
    },
  }
}

/** Returns a port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
