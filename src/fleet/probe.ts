import { PREFIX } from './prefix.ts'
import { script } from './script.ts'

/** A key that no member reads, and that is gone after a second. */
export const PROBE_KEY = `${PREFIX}probe`

/** Fails if scripts cannot write: to a replica, in full memory, without the permissions. */
export const PROBE = script(
  'probe',
  `redis.call('HSET', KEYS[1], 'at', now)
return redis.call('PEXPIRE', KEYS[1], 1000)`,
)
