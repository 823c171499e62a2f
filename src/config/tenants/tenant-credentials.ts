import type { CredentialSource } from '../config.ts'
import type { Fault } from '../fault.ts'
import { tenantVariable } from '../schema/keys.ts'
import { attempt, type Given, isQuoted, pathOf, quotedWarning, type Setting, settingOf } from '../schema/setting.ts'
import { readSecretText } from './credential-files.ts'
import { commandSource, fileSource, type Half, halvesSource } from './credential-sources.ts'
import { type Draft, draftSetting, missing } from './tenant-input.ts'

const HALVES = ['accessKeyId', 'secretKey'] as const
const WHOLES = ['credentialsFile', 'credentialCommand'] as const

type HalfKey = (typeof HALVES)[number]

const fileOf = <Key extends HalfKey>(half: Key) => `${half}File` as const

/** What gives a half of an access key. */
const sourcesOf = (half: HalfKey) => [half, fileOf(half), ...WHOLES]

const isGiven = (given: Given, key: string) => settingOf(given, key).value !== null

/** Whether anything in a tenant's settings is meant to give an access key. */
export function namesCredentials(given: Given): boolean {
  return HALVES.flatMap(sourcesOf).some(key => isGiven(given, key))
}

/**
 * Where a tenant's access key comes from. Two sources for one half, none, and a file that cannot be read become faults.
 * A command is not run.
 */
export async function credentialsOf(draft: Draft): Promise<CredentialSource | undefined> {
  const faults = [...conflicts(draft), ...absences(draft)]
  draft.faults.push(...faults)
  const { credentialsFile, credentialCommand, credentialCommandCache } = draft.values
  if (faults.length > 0) return undefined
  if (credentialsFile !== null) return fileSource(credentialsFile)
  if (credentialCommand !== null) return commandSource(credentialCommand, credentialCommandCache)
  const [accessKeyId, secretKey] = [await halfOf(draft, 'accessKeyId'), await halfOf(draft, 'secretKey')]
  return accessKeyId && secretKey && halvesSource(originOf(draft), accessKeyId, secretKey)
}

function conflicts(draft: Draft): Fault[] {
  const found = new Map<string, Fault>()
  for (const half of HALVES) {
    const [first, ...others] = sourcesOf(half).filter(key => isGiven(draft.given, key))
    for (const key of others) found.set(key, conflict(draftSetting(draft, `${first}`), draftSetting(draft, key)))
  }
  return [...found.values()]
}

function conflict(first: Setting, second: Setting): Fault {
  const problem = `gives what ${pathOf(first)} (${first.origin}) gives already`
  return { key: pathOf(second), origin: second.origin, problem, cure: 'Keep one of the two.' }
}

function absences(draft: Draft): Fault[] {
  const absent = HALVES.filter(half => !sourcesOf(half).some(key => isGiven(draft.given, key)))
  return absent.map(half =>
    missing(
      draftSetting(draft, half),
      `${half}File, credentialsFile, credentialCommand, or in the environment ${tenantVariable(draft.name, half)}`,
    ),
  )
}

/** What is given but not valid has its fault already. */
async function halfOf(draft: Draft, half: HalfKey): Promise<Half | undefined> {
  const secret = draft.values[half]
  if (secret !== null) return { secret }
  const file = draft.values[fileOf(half)]
  if (file === null) return undefined
  const setting = draftSetting(draft, fileOf(half))
  const text = await attempt(setting, draft.faults, () => readSecretText(file))
  if (isQuoted(text)) draft.warnings.push(quotedWarning({ ...setting, origin: file }))
  return text === undefined ? undefined : { file }
}

/** `environment PC_IDENTITY/PC_SECRET`, `file /run/id and file /run/key`. */
function originOf(draft: Draft): string {
  const origins = HALVES.map(half => {
    const file = draft.values[fileOf(half)]
    const { origin } = draftSetting(draft, half)
    // A place in a file has a line behind a colon; no variable has one.
    return file === null ? `${origin.includes(':') ? 'file' : 'environment'} ${origin}` : `file ${file}`
  })
  return [...new Set(origins)].join(' and ').replace(' and environment ', '/')
}
