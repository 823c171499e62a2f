import type { Fault } from '../fault.ts'

/** A value as a source gave it, before it is read. */
export interface Setting {
  /** The named mapping that contains the key, such as `tenants.prod`; null for any other key. */
  readonly group: string | null
  /** The path of a key (`listen.address`), or its name in the group (`url`). */
  readonly key: string
  /** The value: text from flags and the environment, anything from a file. Null in a file means the default. */
  readonly value: unknown
  /** The source that gave the value. An environment variable that is looked up but not set has the value null. */
  readonly source: 'flag' | 'environment' | 'file' | 'default'
  /** The place in the source, as a fault shows it: a flag, a variable, `FILE:LINE`, a file, or `default`. */
  readonly origin: string
}

/** The settings in one source, and what is wrong with it. */
export interface SourceContent {
  readonly settings: readonly Setting[]
  readonly faults: readonly Fault[]
}

/** The settings of one group, or those in no group, by key. */
export type Given = ReadonlyMap<string, Setting>

/** Returns the path of a setting's key in a file, such as `tenants.prod.url`. */
export function pathOf({ group, key }: Pick<Setting, 'group' | 'key'>): string {
  return group === null ? key : `${group}.${key}`
}

/** Returns the setting of a key. If there is none, the result has the value null and the source `default`. */
export function settingOf(given: Given, key: string, group: string | null = null): Setting {
  return given.get(key) ?? { group, key, value: null, source: 'default', origin: 'default' }
}

/**
 * Whether a value is in quotes that should have been removed: `docker run --env-file` keeps those that a shell would
 * remove.
 */
export function isQuoted(value: unknown): boolean {
  return typeof value === 'string' && /^\s*(["'“‘]).*["'”’]\s*$/s.test(value)
}

/** Returns the warning about a value in quotes. It does not repeat the value. */
export function quotedWarning({ origin, ...place }: Setting): string {
  return `${pathOf(place)} (${origin}): the quotes around the value are part of it; remove them`
}
