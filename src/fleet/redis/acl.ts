import { PREFIX } from '../prefix.ts'

/** The commands that scripts of the fleet run. */
const SCRIPTED = [
  ...['hset', 'hget', 'hmget', 'hgetall', 'hdel', 'hincrby'],
  ...['zadd', 'zrem', 'zcard', 'zrange', 'zremrangebyscore'],
  ...['del', 'pexpire', 'time', 'publish'],
]

const OF_EACH = ['eval', 'evalsha', 'subscribe', 'ping', ...SCRIPTED]

/**
 * Returns the command that gives a user of Redis the permissions that the fleet needs, and no others. Its password is a
 * placeholder.
 */
export function aclLine(user: string, kind: 'single' | 'sentinel' | 'cluster', database: number): string {
  const commands = [
    ...OF_EACH,
    ...(kind === 'cluster' ? ['cluster|slots', 'asking'] : []),
    ...(database > 0 ? ['select'] : []),
  ]
  const rights = `resetkeys ~${PREFIX}* resetchannels &${PREFIX}* -@all ${commands.map(name => `+${name}`).join(' ')}`
  return `ACL SETUSER ${user} on >PASSWORD ${rights}`
}
