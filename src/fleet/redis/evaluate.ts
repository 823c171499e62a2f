import { PREFIX } from '../prefix.ts'
import { type Script, script } from '../script.ts'
import type { Link } from './link.ts'

/** A key that no member reads, and that is gone after a second. */
const PROBE_KEY = `${PREFIX}probe`

/** Fails if scripts cannot write: to a replica, in full memory, without the permissions. */
const PROBE = script(
  'probe',
  `redis.call('HSET', KEYS[1], 'at', now)
return redis.call('PEXPIRE', KEYS[1], 1000)`,
)

/** Runs a script by its digest, or in full if the server has not seen it or allows only that. */
export async function evaluate(
  { send }: Link,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const parameters = [`${keys.length}`, ...keys, ...args]
  try {
    return await send(keys[0], ['EVALSHA', sha, ...parameters])
  } catch (error) {
    if (!/^NOSCRIPT|unknown command/.test((error as Error).message)) throw error
    return send(keys[0], ['EVAL', lua, ...parameters])
  }
}

/** Tries whether scripts can run and write. Rejects with the error of the server if they cannot. */
export async function probe(link: Link): Promise<void> {
  await evaluate(link, PROBE, [PROBE_KEY], [])
}
