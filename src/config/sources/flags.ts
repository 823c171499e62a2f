import { type FlagKind, type Flags, readArguments, UsageError } from '../../kernel/arguments.ts'
import type { Field } from '../schema/fields.ts'
import { FORMER_KEYS, type FormerKeys, formerFlags } from '../schema/former-keys.ts'
import { flagOf, sectionKeys, settingKeys, variableOf } from '../schema/keys.ts'
import type { Setting } from '../schema/setting.ts'

/** The keys of the default tenant that have a flag. Secrets have none, because other users can see flags. */
export const tenantFlags: ReadonlyMap<string, Field> = new Map(
  [...sectionKeys.tenants].filter(([, { kind }]) => kind === 'text' || kind === 'file'),
)

/** The keys outside tenants and clients that have a flag: all but secrets. */
export const settingFlags: ReadonlyMap<string, Field> = new Map(
  [...settingKeys].filter(([, { kind }]) => kind !== 'secret'),
)

const keyOfFlag: ReadonlyMap<string, string> = new Map(
  ['config', ...settingFlags.keys(), ...tenantFlags.keys()].map(key => [flagOf(key), key]),
)

const NO_TENANT_SECRETS = 'PC_IDENTITY and PC_SECRET, --secret-key-file or credentialCommand'

/** The keys of secrets, each with what to use in place of a flag. */
const secretFlags: readonly (readonly [key: string, instead: string])[] = [
  ...secretKeys(sectionKeys.tenants).map(key => [key, NO_TENANT_SECRETS] as const),
  ...secretKeys(settingKeys).map(key => [key, `${variableOf(key)} or ${flagOf(key)}-file`] as const),
]

function secretKeys(keys: ReadonlyMap<string, Field>): string[] {
  return [...keys].filter(([, { kind }]) => kind === 'secret').map(([key]) => key)
}

/** Every flag that sets a configuration key, for commands that read the configuration. */
export const configFlags: Flags = flagsWith(FORMER_KEYS)

/** Returns the flags of {@link configFlags}, of which those of former keys are refused. */
export function flagsWith(formerKeys: FormerKeys): Flags {
  return new Map<string, FlagKind>([
    ...[...formerFlags(formerKeys)].map(
      ([flag, { problem, cure }]) => [flag, { refused: `it ${problem}; ${cure}` }] as const,
    ),
    ...[...keyOfFlag].map(([flag, key]) => [flag, kindOf(settingKeys.get(key))] as const),
    ...secretFlags.map(
      ([key, instead]) => [flagOf(key), { refused: `other users of this machine can see it; use ${instead}` }] as const,
    ),
  ])
}

function kindOf(field: Field | undefined): FlagKind {
  return field?.kind === 'toggle' ? 'toggle' : 'value'
}

/**
 * Reads the settings in the arguments. Flags for the default tenant have no group yet, because its name is not known.
 * @throws {UsageError} unless the arguments are flags of the configuration, each given once; the message repeats no
 * value
 */
export function readFlags(args: readonly string[]): readonly Setting[] {
  const flags = readArguments(args, configFlags)
  const names = flags.map(([name]) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new UsageError(`${twice} is given twice; separate list items with commas (rules: with semicolons)`)
  return flags.map(([name, value]) => ({
    group: null,
    key: `${keyOfFlag.get(name)}`,
    value,
    source: 'flag',
    origin: name,
  }))
}
