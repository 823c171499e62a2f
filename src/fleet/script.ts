import { createHash } from 'node:crypto'

/** A Lua script for the store, which runs it as one step: nothing else happens there meanwhile. */
export interface Script {
  /** What it is called in metrics. */
  readonly name: string
  readonly lua: string
  /** The SHA-1 digest of `lua`, by which `EVALSHA` finds a script that the store has already seen. */
  readonly sha: string
}

/** What every script begins with: `now` is the store's own time in milliseconds, because the members' clocks disagree. */
const PRELUDE = `local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`

/** Makes a script of Lua code that may use `now`. */
export function script(name: string, code: string): Script {
  const lua = PRELUDE + code
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') }
}
