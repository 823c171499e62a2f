import { DEMO_USER, type Simulator } from '../../simulator/index.ts'
import { ANY_PORT } from '../serve/listen.ts'
import type { Program, Programs } from './programs.ts'
import type { RedisServer } from './redis-server.ts'

/** A proxy in a process of its own. */
export interface DemoProxy extends Pick<Program, 'pid' | 'kill'> {
  /** The address as a URL. */
  readonly address: string
}

/** What {@link startProxy} needs. */
export interface ProxyOptions {
  readonly programs: Programs
  /** This program: its file, and what precedes the name of a command. */
  readonly self: readonly string[]
  readonly simulator: Simulator
  readonly redis: RedisServer
  /** The password of Redis. */
  readonly password: string
  /** The home directory, in which it finds no files of the user. */
  readonly folder: string
}

/** Starts a member of the fleet at a free port. Rejects if it does not start to listen. */
export async function startProxy({
  programs,
  self,
  simulator,
  redis,
  password,
  folder,
}: ProxyOptions): Promise<DemoProxy> {
  const env = {
    PC_URL: simulator.url,
    PC_IDENTITY: DEMO_USER.accessKeyId,
    PC_SECRET: DEMO_USER.secretKey,
    PRISMACLOUD_PROXY_LISTEN_ADDRESS: ANY_PORT,
    PRISMACLOUD_PROXY_FLEET_REDIS_URL: redis.url,
    PRISMACLOUD_PROXY_FLEET_REDIS_PASSWORD: password,
    HOME: folder,
  }
  const ready = /listening at (http:[^"\s]+)/
  const { said, pid, kill } = await programs.start([...self, 'start'], { cwd: folder, env, ready })
  return { address: `${said[1]}`, pid, kill }
}
