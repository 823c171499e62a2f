import { type Flag, readArguments, UsageError } from '../../kernel/arguments.ts'
import type { Field } from '../schema/fields.ts'
import { FORMER_KEYS, type FormerKeys, formerFlags } from '../schema/former-keys.ts'
import { flagOf, sectionKeys, settingKeys, variableOf } from '../schema/keys.ts'
import type { Setting } from '../schema/setting.ts'
import { type ConfigFlag, configGroups } from './flag-groups.ts'

const NO_TENANT_SECRETS = 'PC_IDENTITY and PC_SECRET, --secret-key-file or credentialCommand'

/** The keys of secrets, each with what to use in place of a flag. */
const secretFlags: readonly (readonly [key: string, instead: string])[] = [
  ...secretKeys(sectionKeys.tenants).map(key => [key, NO_TENANT_SECRETS] as const),
  ...secretKeys(settingKeys).map(key => [key, `${variableOf(key)} or ${flagOf(key)}-file`] as const),
]

function secretKeys(keys: ReadonlyMap<string, Field>): string[] {
  return [...keys].filter(([, { kind }]) => kind === 'secret').map(([key]) => key)
}

/** The flags that can be given, by name. */
const usable: ReadonlyMap<string, ConfigFlag> = new Map(
  configGroups.flatMap(({ flags }) => flags).map(flag => [flag.name, flag]),
)

/** Every flag that sets a configuration key, and those that did or never will, which are refused. */
export const configFlags: readonly Flag[] = flagsWith(FORMER_KEYS)

/** Returns the flags of {@link configFlags}, of which those of former keys are refused. */
export function flagsWith(formerKeys: FormerKeys): readonly Flag[] {
  const refused = (name: string, text: string) => ({ name, kind: 'refused', text }) as const
  return [
    ...usable.values(),
    ...[...formerFlags(formerKeys)].map(([name, { problem, cure }]) => refused(name, `it ${problem}; ${cure}`)),
    ...secretFlags.map(([key, instead]) =>
      refused(flagOf(key), `other users of this machine can see it; use ${instead}`),
    ),
  ]
}

/**
 * Reads the settings in the arguments. Flags for the default tenant have no group yet, because its name is not known.
 * @throws {UsageError} unless the arguments are flags of the configuration, which set each key once; the message
 * repeats no value
 */
export function readFlags(args: readonly string[]): readonly Setting[] {
  const settings = readArguments(args, configFlags).map(([name, given]): Setting => {
    const { key, value = given } = usable.get(name) as ConfigFlag
    return { group: null, key, value, source: 'flag', origin: name }
  })
  const [second] = settings.filter(({ key }, at) => settings.findIndex(each => each.key === key) < at)
  if (second === undefined) return settings
  const first = settings.find(({ key }) => key === second.key)
  throw new UsageError(
    first?.origin === second.origin
      ? `${second.origin} is given twice; separate list items with commas (rules: with semicolons)`
      : `${first?.origin} and ${second.origin} cannot be given together; use one of them`,
  )
}

/** The arguments of a command that takes flags of its own beside those of the configuration. */
export interface SplitArguments {
  /** The names of the command's own switches that are given. */
  readonly own: ReadonlySet<string>
  /** The arguments that belong to the configuration. */
  readonly args: readonly string[]
}

/**
 * Splits arguments into the command's own switches and the flags of the configuration.
 * @throws {UsageError} for anything else
 */
export function splitFlags(args: readonly string[], own: readonly Flag[]): SplitArguments {
  const given = readArguments(args, [...own, ...configFlags])
  const isOwn = (name: string) => own.some(flag => flag.name === name)
  return {
    own: new Set(given.map(([name]) => name).filter(isOwn)),
    args: given
      .filter(([name]) => !isOwn(name))
      .map(([name, value]) => (usable.get(name)?.kind === 'switch' ? name : `${name}=${value}`)),
  }
}
