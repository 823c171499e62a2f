import { bad, good, type Step } from './finding.ts'

const VERSION = 'Redis version'
const MEMORY = 'Redis memory'

/** The oldest versions that can be used, by the name of the server, as `HELLO` gives it. */
const OLDEST: Readonly<Record<string, readonly [major: number, minor: number]>> = { redis: [6, 2], valkey: [7, 2] }

/** Judges a server by its reply to `HELLO`: its version, and whether it is a replica. */
export function judgeServer(hello: unknown): Step<true> {
  const { server = 'Redis', version = 'of unknown version', role }: Readonly<Record<string, string>> = Object(hello)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST[server] ?? [0, 0]
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
  if (isOld) return bad(VERSION, `${server} ${version} is too old; use Redis 6.2 or newer, or Valkey 7.2 or newer`)
  if (role === 'replica')
    return bad(VERSION, `${server} ${version}, but a replica, which is read-only; name the primary in fleet.redisUrl`)
  return good(VERSION, `${server} ${version}`, true)
}

/** Reports that it is not known whether keys are evicted. */
export function unknownMemory(reason: string): Step<true> {
  const text = `${reason}, so it is not known whether keys are evicted`
  return { finding: { label: MEMORY, mark: 'skipped', text }, value: true }
}

/** Judges by `INFO memory` whether the server drops keys when its memory is full. */
export function judgeMemory(info: string): Step<true> {
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const policy = fact('maxmemory_policy')
  if (policy === '') return unknownMemory('the server does not say')
  if (fact('maxmemory') === '0') return good(MEMORY, 'no limit, so no keys are evicted', true)
  if (policy === 'noeviction') return good(MEMORY, 'no keys are evicted', true)
  const text = `maxmemory-policy is ${policy}, so keys of the fleet may be evicted; set it to noeviction, or use another Redis`
  return { finding: { label: MEMORY, mark: 'warning', text }, value: true }
}
