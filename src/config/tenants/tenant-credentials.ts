import type { CredentialSource } from '../config.ts'
import type { Fault } from '../fault.ts'
import { tenantVariable } from '../schema/keys.ts'
import { type Given, isQuoted, pathOf, quotedWarning, type Setting, settingOf } from '../schema/setting.ts'
import { attempt, missing, placeOf } from '../schema/setting-faults.ts'
import { readSecretText } from './credential-files.ts'
import { commandSource, fileSource, type Half, halvesSource } from './credential-sources.ts'
import { settingIn, type TenantInput } from './tenant-input.ts'

const HALVES = ['accessKeyId', 'secretKey'] as const
const WHOLES = ['credentialsFile', 'credentialCommand'] as const

type HalfKey = (typeof HALVES)[number]

const fileOf = <Key extends HalfKey>(half: Key) => `${half}File` as const

/** Returns the keys that can supply one half of an access key. */
const keysFor = (half: HalfKey) => [half, fileOf(half), ...WHOLES]

const isGiven = (given: Given, key: string) => settingOf(given, key).value !== null

/** Whether a tenant's settings specify an access key, or a part of one. */
export function namesCredentials(given: Given): boolean {
  return HALVES.flatMap(keysFor).some(key => isGiven(given, key))
}

/**
 * Returns the source of a tenant's access key. It is a fault if one half of the key has two sources or none, or if a
 * file cannot be read. A command is not run.
 */
export async function credentialsOf(input: TenantInput): Promise<CredentialSource | undefined> {
  const faults = [...conflicts(input), ...absences(input)]
  input.faults.push(...faults)
  const { credentialsFile, credentialCommand, credentialCommandCache } = input.values
  if (faults.length > 0) return undefined
  if (credentialsFile !== null) return fileSource(credentialsFile)
  if (credentialCommand !== null) return commandSource(credentialCommand, credentialCommandCache)
  const [accessKeyId, secretKey] = [await halfOf(input, 'accessKeyId'), await halfOf(input, 'secretKey')]
  return accessKeyId && secretKey && halvesSource(originOf(input), accessKeyId, secretKey)
}

function conflicts(input: TenantInput): Fault[] {
  const found = new Map<string, Fault>()
  for (const half of HALVES) {
    const [first, ...others] = keysFor(half).filter(key => isGiven(input.given, key))
    for (const key of others) found.set(key, conflict(settingIn(input, `${first}`), settingIn(input, key)))
  }
  return [...found.values()]
}

function conflict(first: Setting, second: Setting): Fault {
  const problem = `conflicts with ${pathOf(first)} (${first.origin})`
  return { ...placeOf(second), problem, cure: 'remove one of the two' }
}

function absences(input: TenantInput): Fault[] {
  const absent = HALVES.filter(half => !keysFor(half).some(key => isGiven(input.given, key)))
  return absent.map(half => {
    const setting = settingIn(input, half)
    const [, ...others] = keysFor(half)
    return missing(setting, `set ${[pathOf(setting), ...others].join(', ')} or ${tenantVariable(input.name, half)}`)
  })
}

/**
 * Returns one half of an access key. Returns undefined also for a half that is given but not valid, because that
 * already has a fault.
 */
async function halfOf(input: TenantInput, half: HalfKey): Promise<Half | undefined> {
  const secret = input.values[half]
  if (secret !== null) return { secret }
  const file = input.values[fileOf(half)]
  if (file === null) return undefined
  const setting = settingIn(input, fileOf(half))
  const text = await attempt(setting, input.faults, () => readSecretText(file))
  if (isQuoted(text)) input.warnings.push(quotedWarning({ ...setting, origin: file }))
  return text === undefined ? undefined : { file }
}

/**
 * Returns the origin of the source, such as `environment PC_IDENTITY/PC_SECRET` or `file /run/id and file /run/key`.
 */
function originOf(input: TenantInput): string {
  const places = HALVES.map(half => sourceOf(input, half))
  if (places.every(({ source }) => source === 'environment'))
    return `environment ${places.map(({ origin }) => origin).join('/')}`
  return [...new Set(places.map(({ source, origin }) => `${source} ${origin}`))].join(' and ')
}

function sourceOf(input: TenantInput, half: HalfKey): Pick<Setting, 'source' | 'origin'> {
  const file = input.values[fileOf(half)]
  return file === null ? settingIn(input, half) : { source: 'file', origin: file }
}
