import { Secret } from '../kernel/secret.ts'
import type { RedisConfig } from './config.ts'
import type { Fault, Reason } from './fault.ts'
import { checkPair } from './network/tls.ts'
import type { Settings } from './schema/schema.ts'
import { type Given, type Setting, settingOf } from './schema/setting.ts'
import { attempt, placeOf } from './schema/setting-faults.ts'
import { readAuthorities, readPemFile } from './sources/text-file.ts'
import { readSecretFile, readSecretText } from './tenants/credential-files.ts'

type Fleet = Settings['fleet']

const TLS_KEYS = ['redisCaFile', 'redisCertFile', 'redisKeyFile'] as const

const WITHOUT_URL: Reason = { problem: 'has no effect without fleet.redisUrl', cure: 'set fleet.redisUrl, too' }
const WITHOUT_TLS: Reason = { problem: 'has no effect without TLS', cure: 'begin fleet.redisUrl with rediss' }

/** The keys that are of no use unless one of others is given, too. */
const INCOMPLETE: readonly { name: keyof Fleet; needed: readonly (keyof Fleet)[]; reason: Reason }[] = [
  {
    name: 'redisUsername',
    needed: ['redisPassword', 'redisPasswordFile'],
    reason: { problem: 'has no password', cure: 'set fleet.redisPasswordFile, too' },
  },
  {
    name: 'redisCertFile',
    needed: ['redisKeyFile'],
    reason: { problem: 'has no private key', cure: 'set fleet.redisKeyFile, too' },
  },
  {
    name: 'redisKeyFile',
    needed: ['redisCertFile'],
    reason: { problem: 'has no certificate', cure: 'set fleet.redisCertFile, too' },
  },
]

/**
 * Returns what a connection to Redis needs, or null without `fleet.redisUrl`. Whatever is wrong with the keys of the
 * fleet together, and with the files that they name, becomes faults.
 */
export async function readRedis(fleet: Fleet, given: Given, faults: Fault[]): Promise<RedisConfig | null> {
  faults.push(...contradictions(fleet, name => settingOf(given, `fleet.${name}`)))
  const { redisUrl, redisUsername, redisPassword, redisPasswordFile } = fleet
  if (redisUrl === null) return null
  const readPassword = redisPasswordFile === null ? async () => redisPassword : () => readSecretFile(redisPasswordFile)
  const trying = <T>(name: keyof Fleet, read: () => T) => attempt(settingOf(given, `fleet.${name}`), faults, read)
  await trying('redisPasswordFile', readPassword)
  const { redisCaFile, redisCertFile, redisKeyFile } = fleet
  const authorities = redisCaFile && (await trying('redisCaFile', () => readAuthorities(redisCaFile)))
  const cert = redisCertFile && (await trying('redisCertFile', () => readPemFile(redisCertFile)))
  const key = redisKeyFile && (await trying('redisKeyFile', () => readSecretText(redisKeyFile)))
  if (cert && key) await trying('redisCertFile', () => checkPair(cert, key))
  const identity = cert && key ? { cert, key: new Secret(key) } : null
  return { url: redisUrl, username: redisUsername, readPassword, authorities: authorities ?? null, identity }
}

/** Returns the faults of keys that exclude or require each other. */
function contradictions(fleet: Fleet, setting: (name: keyof Fleet) => Setting): Fault[] {
  const isGiven = (name: keyof Fleet) => setting(name).value !== null
  const fault = (name: keyof Fleet, reason: Reason) => ({ ...placeOf(setting(name)), ...reason })
  const given = (Object.keys(fleet) as (keyof Fleet)[]).filter(isGiven)
  if (!isGiven('redisUrl')) return given.map(name => fault(name, WITHOUT_URL))
  const conflict = `conflicts with fleet.redisPassword (${setting('redisPassword').origin})`
  const twice = isGiven('redisPassword') && isGiven('redisPasswordFile')
  const alone = INCOMPLETE.filter(({ name, needed }) => isGiven(name) && !needed.some(isGiven))
  const useless = TLS_KEYS.filter(name => isGiven(name) && fleet.redisUrl?.tls === false)
  return [
    ...(twice ? [fault('redisPasswordFile', { problem: conflict, cure: 'remove one of the two' })] : []),
    ...alone.map(({ name, reason }) => fault(name, reason)),
    ...useless.map(name => fault(name, WITHOUT_TLS)),
  ]
}
