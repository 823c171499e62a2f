import { StackError } from '../../stacks/error.ts'
import { describe, type Fault, InvalidElements, InvalidValue, quote, type Reason } from '../fault.ts'
import { fieldOf } from './keys.ts'

/** A value as a source gave it, before it is read. */
export interface Setting {
  /** The named mapping that the key stands in, such as `tenants.prod`; null for any other key. */
  readonly group: string | null
  /** The path of a key (`listen.address`), or its name in the group (`url`). */
  readonly key: string
  /** Text from flags and the environment; anything from a file, where null means the default. */
  readonly value: unknown
  /** Which source gave the value. An environment variable that is looked at but not set has the value null. */
  readonly source: 'flag' | 'environment' | 'file' | 'default'
  /** Where in the source, as a fault shows it: a flag, a variable, `FILE:LINE`, a file, or `default`. */
  readonly origin: string
}

/** The settings in one source, and what is wrong with it. */
export interface SourceContent {
  readonly settings: readonly Setting[]
  readonly faults: readonly Fault[]
}

/** The settings of one group, or of none, by key. */
export type Given = ReadonlyMap<string, Setting>

/** The path of a setting's key in a file, such as `tenants.prod.url`. */
export function pathOf({ group, key }: Pick<Setting, 'group' | 'key'>): string {
  return group === null ? key : `${group}.${key}`
}

/** The setting of a key. Without one, its value is null and its source is the default. */
export function settingOf(given: Given, key: string, group: string | null = null): Setting {
  return given.get(key) ?? { group, key, value: null, source: 'default', origin: 'default' }
}

/** Whether a value is in quotes that nothing has removed: `docker run --env-file` keeps those that a shell would remove. */
export function isQuoted(value: unknown): boolean {
  return typeof value === 'string' && /^\s*(["'“‘]).*["'”’]\s*$/s.test(value)
}

/** The warning about a value in quotes. It does not repeat the value. */
export function quotedWarning({ origin, ...place }: Setting): string {
  return `${pathOf(place)} (${origin}): the quotes around the value are part of it; remove them`
}

/** A colon that neither ends a scheme nor starts a port at the end. */
const MAY_HOLD_PASSWORD = /:(?!\/\/)(?!\d{1,5}\/?$)/

/** The fault of a setting's value. The value is quoted unless it may be secret. */
export function faultOf(setting: Setting, reason: Reason): Fault {
  const kind = fieldOf(setting.key)?.kind
  const isPrivate =
    kind === 'secret' || kind === 'argv' || (kind === 'proxyUrl' && MAY_HOLD_PASSWORD.test(`${setting.value}`))
  const quoted = typeof setting.value === 'string' && !isPrivate ? quote(setting.value) : null
  const hint = isQuoted(setting.value) ? 'remove the quotes; ' : ''
  const { key, origin } = placeOf(setting)
  return { key, origin, problem: describe(reason, quoted), cure: hint + reason.cure }
}

/** The fault of a required key that is not set. */
export function missing(setting: Setting, cure: string): Fault {
  const key = pathOf(setting)
  const origin = setting.source === 'default' ? key : setting.origin
  // only the vendor's variables are settings without being set
  return {
    key,
    origin,
    problem: 'missing',
    cure: setting.source === 'environment' ? `set ${origin}, too` : cure,
    absence: true,
  }
}

/** The key and origin of a fault about a setting. */
export function placeOf(setting: Setting): Pick<Fault, 'key' | 'origin'> {
  return { key: pathOf(setting), origin: setting.origin }
}

/** The faults of elements in a setting's list. */
function faultsOfElements(setting: Setting, { elements }: InvalidElements): Fault[] {
  const { origin } = setting
  return elements.map(({ index, problem, cure }) => ({ key: `${pathOf(setting)}[${index}]`, origin, problem, cure }))
}

/** Runs `read`. An `InvalidValue`, `InvalidElements` or `StackError` that it throws becomes faults of the setting. */
export async function attempt<T>(setting: Setting, faults: Fault[], read: () => T): Promise<Awaited<T> | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof InvalidElements) faults.push(...faultsOfElements(setting, error))
    else if (error instanceof InvalidValue || error instanceof StackError) faults.push(faultOf(setting, error))
    else throw error
    return undefined
  }
}
