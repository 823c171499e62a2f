import { nearest } from '../../kernel/nearest.ts'
import type { Fault } from '../fault.ts'
import { flagOf, sectionKeys, settingKeys } from '../schema/keys.ts'
import type { Leaf } from '../schema/leaves.ts'
import type { Setting, Source } from '../schema/setting.ts'

/** The keys of the default tenant that have a flag. No secret is among them, because other users can see flags. */
export const tenantFlags: ReadonlyMap<string, Leaf> = new Map(
  [...sectionKeys.tenants].filter(([, { kind }]) => kind === 'text' || kind === 'file'),
)

const keyOfFlag: ReadonlyMap<string, string> = new Map(
  ['config', ...settingKeys.keys(), ...tenantFlags.keys()].map(key => [flagOf(key), key]),
)

const secretFlags = [...sectionKeys.tenants].filter(([, leaf]) => leaf.kind === 'secret').map(([key]) => flagOf(key))

/**
 * The settings in the arguments: `--flag value` or `--flag=value`; a flag that is true or false needs no value. Those of
 * the default tenant, whose name is not known yet, have no tenant. No fault repeats a value.
 */
export function readFlags(args: readonly string[]): Source {
  const settings: Setting[] = []
  const faults: Fault[] = []
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, flag, inline] = /^(--[a-z][a-z0-9-]*)(?:=(.*))?$/is.exec(arg) ?? []
    const value = inline ?? takeValue(flag, rest)
    const fault = flagFault(flag, value, settings)
    const key = keyOfFlag.get(`${flag}`)
    if (fault) faults.push({ ...fault, key: key ?? flag ?? 'arguments', origin: flag ?? 'arguments' })
    else settings.push({ group: null, key: `${key}`, value, origin: `${flag}` })
  }
  return { settings, faults }
}

/** Takes the value that follows a flag; an unknown flag's too, so that a mistyped flag's secret is not taken for a word. */
function takeValue(flag: string | undefined, rest: string[]): string | undefined {
  const leaf = settingKeys.get(`${keyOfFlag.get(`${flag}`)}`)
  const next = rest[0]
  if (leaf?.kind === 'toggle') return next === 'true' || next === 'false' ? rest.shift() : 'true'
  return next?.startsWith('--') ? undefined : rest.shift()
}

function flagFault(flag: string | undefined, value: string | undefined, settings: readonly Setting[]) {
  if (flag === undefined) return { problem: 'there is a word that is no flag', cure: 'Write --flag value. See --help.' }
  if (secretFlags.includes(flag))
    return {
      problem: 'a secret cannot be a flag, because other users of the machine can see flags',
      cure: 'Give it in the environment, in a file or by a command: PC_IDENTITY and PC_SECRET, --secret-key-file, credentialCommand.',
    }
  if (!keyOfFlag.has(flag)) {
    const meant = nearest(flag, keyOfFlag.keys())
    return { problem: 'is not a known flag', cure: meant ? `Did you mean ${meant}?` : 'See --help.' }
  }
  if (value === undefined) return { problem: 'needs a value', cure: `Write ${flag} VALUE.` }
  if (settings.some(setting => setting.origin === flag))
    return { problem: 'is given twice', cure: 'Give it once; items of a list are parted by commas.' }
  return undefined
}
