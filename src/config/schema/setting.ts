import { StackError } from '../../stacks/error.ts'
import { type Fault, InvalidElements, InvalidValue, quote } from '../fault.ts'
import { fieldOf } from './keys.ts'

/** A value as one source gave it, not yet read. */
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

/** The settings of one group, or those of none, by key. */
export type Given = ReadonlyMap<string, Setting>

/** The key as it is written in a file. */
export function pathOf({ group, key }: Pick<Setting, 'group' | 'key'>): string {
  return group === null ? key : `${group}.${key}`
}

/** The setting of a key, or one that says that the default holds. */
export function settingOf(given: Given, key: string, group: string | null = null): Setting {
  return given.get(key) ?? { group, key, value: null, source: 'default', origin: 'default' }
}

/** Whether a value stands in quotes, as it does where no shell has taken them off: `docker run --env-file` does not. */
export function isQuoted(value: unknown): boolean {
  return typeof value === 'string' && /^\s*(["'“‘]).*["'”’]\s*$/s.test(value)
}

/** The warning that a value in quotes deserves. It does not repeat the value. */
export function quotedWarning({ origin, ...place }: Setting): string {
  return `${pathOf(place)} (${origin}): the value is in quotes, which count as part of it: leave them out`
}

/** A colon before anything but what follows a scheme, or a port at the end. */
const MAY_HOLD_PASSWORD = /:(?!\/\/)(?!\d{1,5}\/?$)/

/** The fault that a setting's value has. The value is quoted unless it may be secret. */
export function faultOf(setting: Setting, { problem, cure }: Pick<Fault, 'problem' | 'cure'>): Fault {
  const kind = fieldOf(setting.key)?.kind
  const isPrivate =
    kind === 'secret' || kind === 'argv' || (kind === 'proxyUrl' && MAY_HOLD_PASSWORD.test(`${setting.value}`))
  const quotable = typeof setting.value === 'string' && !isPrivate
  const subject = quotable ? quote(`${setting.value}`) : 'the value'
  const hint = isQuoted(setting.value) ? 'Leave the quotes out. ' : ''
  return { key: pathOf(setting), origin: setting.origin, problem: `${subject} ${problem}`, cure: hint + cure }
}

/** The faults that elements of a setting's list have. */
function faultsOfElements(setting: Setting, { elements }: InvalidElements): Fault[] {
  const { origin } = setting
  return elements.map(({ index, problem, cure }) => ({ key: `${pathOf(setting)}[${index}]`, origin, problem, cure }))
}

/** Runs `read`; the `InvalidValue`, `InvalidElements` or `StackError` that it throws becomes faults of the setting. */
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
