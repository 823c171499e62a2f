import type { Test } from 'tap'
import type { RedisConfig } from '../../src/config/config.ts'
import { readRedisUrl } from '../../src/config/network/redis-url.ts'
import { connectRedis } from '../../src/fleet/redis/connect.ts'
import type { StoreConnection } from '../../src/fleet/store-connection.ts'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { until } from './until.ts'

/** What a connection to Redis is opened with, as the configuration gives it. */
export function redisConfig(
  url: string,
  { password = null, ...others }: Partial<Omit<RedisConfig, 'url'>> & { readonly password?: string | null } = {},
): RedisConfig {
  return {
    url: readRedisUrl(url),
    username: null,
    readPassword: async () => (password === null ? null : new Secret(password)),
    authorities: null,
    identity: null,
    ...others,
  }
}

/** A connection with what it has told. */
export interface ToldStore extends StoreConnection {
  /** `connected`, or why the connection is lost, in order. */
  readonly told: readonly string[]
  /** Waits until it has told so many times that it is connected, all in all. */
  connected(times?: number): Promise<void>
  /** Waits until the last that it told is that the connection is lost, and gives the reason. */
  lost(): Promise<string>
}

/** Connects to Redis. The connection is closed with the test. */
export function connectStore(t: Test, redis: RedisConfig, clock: Clock = systemClock): ToldStore {
  const told: string[] = []
  const store = connectRedis(
    redis,
    clock,
  )({
    connected: () => void told.push('connected'),
    lost: reason => void told.push(reason),
  })
  t.teardown(() => store.close())
  return {
    told,
    run: (...args) => store.run(...args),
    listen: (...args) => store.listen(...args),
    close: () => store.close(),
    connected: (times = 1) => until(() => told.filter(each => each === 'connected').length >= times),
    async lost() {
      await until(() => told.length > 0 && told.at(-1) !== 'connected')
      return `${told.at(-1)}`
    },
  }
}
