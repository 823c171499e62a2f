import type { RedisConfig } from '../../config/config.ts'
import { PREFIX } from '../prefix.ts'
import { type Script, script } from '../script.ts'

/** What scripts of the fleet call, each with arguments that suit it, and change nothing. In Lua, with two keys. */
const SCRIPTED = {
  get: 'KEYS[2]',
  set: "KEYS[2], 'value', 'px', 1",
  hget: "KEYS[1], 'field'",
  hset: "KEYS[1], 'field', 1",
  hdel: "KEYS[1], 'other'",
  // which removes it at once
  pexpire: 'KEYS[1], 0',
  publish: `'${PREFIX}probe', ''`,
}

/** What is needed besides. Every script calls TIME first. */
const OTHERS = ['eval', 'evalsha', 'subscribe', 'ping', 'time']

/** The keys of {@link TRY_EVERYTHING}; both are in one slot of a cluster. */
export const TRIED_KEYS = [`${PREFIX}{probe}hash`, `${PREFIX}{probe}text`]

/** Calls all that scripts of the fleet call, and returns the names of those that the user may not. */
export const TRY_EVERYTHING: Script = script(
  'try-everything',
  `local denied, failed = {}, nil
local function try(name, ...)
  local reply = redis.pcall(name, ...)
  local fault = type(reply) == 'table' and reply.err
  if fault and (string.find(fault, 'NOPERM') or string.find(fault, 'user executing the script')) then
    table.insert(denied, name)
  elseif fault then
    failed = reply
  end
end
${Object.entries(SCRIPTED)
  .map(([name, args]) => `try('${name}', ${args})`)
  .join('\n')}
return failed or denied`,
)

/** The user that {@link aclLine} suggests if none is configured: the default user is not to lose permissions. */
const SUGGESTED_USER = 'prismacloud-proxy'

/**
 * Returns the command that gives the user of Redis the permissions that the fleet needs, and no others. The password in
 * it is a placeholder.
 */
export function aclLine({ url: { kind, database }, username }: Pick<RedisConfig, 'url' | 'username'>): string {
  const commands = [
    ...OTHERS,
    ...Object.keys(SCRIPTED),
    ...(kind === 'cluster' ? ['cluster|slots', 'asking'] : []),
    ...(database > 0 ? ['select'] : []),
  ]
  const rights = `resetkeys ~${PREFIX}* resetchannels &${PREFIX}* -@all ${commands.map(name => `+${name}`).join(' ')}`
  return `ACL SETUSER ${username ?? SUGGESTED_USER} on >PASSWORD ${rights}`
}
