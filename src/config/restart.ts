import type { Config } from './config.ts'
import type { Fault } from './fault.ts'

/** The settings that a running proxy cannot change: where it listens, what it shares with whom, what it keeps, and how it logs. */
const LASTING = {
  'listen.address': ({ listen }: Config) => listen.address,
  'listen.tls': ({ listen }: Config) => listen.tls,
  'listen.tlsAddress': ({ listen }: Config) => listen.tlsAddress,
  'listen.tlsCertFile': ({ listen }: Config) => listen.tlsCertFile,
  'listen.tlsKeyFile': ({ listen }: Config) => listen.tlsKeyFile,
  'listen.socketMode': ({ listen }: Config) => listen.socketMode,
  'connect.enabled': ({ connect }: Config) => connect.enabled,
  'admin.address': ({ admin }: Config) => admin.address,
  'audit.file': ({ audit }: Config) => audit.file,
  'audit.required': ({ audit }: Config) => audit.required,
  'fleet.redisUrl': ({ fleet }: Config) => JSON.stringify(fleet.redisUrl),
  'fleet.redisUsername': ({ fleet }: Config) => fleet.redisUsername,
  'fleet.redisPassword': ({ fleet }: Config) => fleet.redisPassword?.fingerprint,
  'fleet.redisPasswordFile': ({ fleet }: Config) => fleet.redisPasswordFile,
  'fleet.redisCaFile': ({ fleet }: Config) => fleet.redisCaFile,
  'fleet.redisCertFile': ({ fleet }: Config) => fleet.redisCertFile,
  'fleet.redisKeyFile': ({ fleet }: Config) => fleet.redisKeyFile,
  'fleet.name': ({ fleet }: Config) => fleet.name,
  'inspect.enabled': ({ inspect }: Config) => inspect.enabled,
  'inspect.requests': ({ inspect }: Config) => inspect.requests,
  'otel.enabled': ({ otel }: Config) => otel.enabled,
  'log.format': ({ log }: Config) => log.format,
}

/**
 * Returns the faults of a configuration that is to replace another while the proxy runs: the changes that need a
 * restart.
 */
export function faultsOfChange(from: Config, to: Config): Fault[] {
  return Object.entries(LASTING)
    .filter(([, value]) => value(from) !== value(to))
    .map(([key]) => ({
      key,
      origin: key,
      problem: 'cannot change while the proxy runs',
      cure: 'restart the proxy, or restore the old value',
    }))
}
