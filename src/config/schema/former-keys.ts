import type { Reason } from '../fault.ts'
import { flagOf, variableOf } from './keys.ts'

/** What became of a key that an earlier version had: its new path, or what to do in place of it. */
export type Fate = { readonly renamedTo: string } | { readonly removed: string }

/** Former keys by their paths, in which `<name>` stands for the name of a tenant or client: `tenants.<name>.url`. */
export type FormerKeys = ReadonlyMap<string, Fate>

/**
 * Every key that a released version had and this one has not. A test compares this table with the keys of all releases,
 * so no key can be renamed or removed without an entry. It is empty as long as none was.
 */
export const FORMER_KEYS: FormerKeys = new Map()

const NAME = '<name>'

/**
 * Returns what is wrong with a former key in a file, given by its path, and what to use now. Returns undefined for any
 * other path.
 */
export function formerKey(path: readonly string[], keys: FormerKeys): Reason | undefined {
  for (const [key, fate] of keys) {
    const parts = key.split('.')
    const isMeant = parts.length === path.length && parts.every((part, at) => part === NAME || part === path[at])
    const name = path[parts.indexOf(NAME)]
    if (isMeant) return reasonOf(fate, renamedTo => renamedTo.replace(NAME, `${name}`))
  }
  return undefined
}

/** Whether a former key was below a path in a file. */
export function wasSection(path: readonly string[], keys: FormerKeys): boolean {
  return [...keys.keys()].some(key => key.startsWith(`${path.join('.')}.`))
}

/** Returns what is wrong with the variable of a former key, and what to use now, or undefined for any other variable. */
export function formerVariable(variable: string, keys: FormerKeys): Reason | undefined {
  for (const [key, fate] of keys) {
    const [before = '', after] = variableOf(key).split(NAME.toUpperCase())
    const isMeant = after === undefined ? variable === before : variable.startsWith(before) && variable.endsWith(after)
    const name = variable.slice(before.length, variable.length - (after ?? '').length)
    if (isMeant) return reasonOf(fate, renamedTo => variableOf(renamedTo).replace(NAME.toUpperCase(), name))
  }
  return undefined
}

/** Returns the flags of former keys, each with what to use now. Keys of clients have none. */
export function formerFlags(keys: FormerKeys): Map<string, Reason> {
  const flag = (key: string) => flagOf(key.replace(`tenants.${NAME}.`, ''))
  const flags = [...keys].map(([key, fate]) => [flag(key), reasonOf(fate, flag)] as const)
  return new Map(flags.filter(([name]) => !name.includes(NAME)))
}

function reasonOf(fate: Fate, write: (key: string) => string): Reason {
  if ('removed' in fate) return { problem: 'was removed', cure: fate.removed }
  return { problem: 'was renamed', cure: `use ${write(fate.renamedTo)}` }
}
