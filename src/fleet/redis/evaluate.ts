import { PROBE, PROBE_KEY } from '../probe.ts'
import type { Script } from '../script.ts'
import type { Link } from './link.ts'
import { FORBIDDEN } from './store-error.ts'

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
    const { message } = error as Error
    if (!message.startsWith('NOSCRIPT') && !FORBIDDEN.test(message)) throw error
    return send(keys[0], ['EVAL', lua, ...parameters])
  }
}

/** Tries whether scripts can run and write. Rejects with the error of the server if they cannot. */
export async function probe(link: Link): Promise<void> {
  await evaluate(link, PROBE, [PROBE_KEY], [])
}
