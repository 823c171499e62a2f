import { nearest } from '../../kernel/nearest.ts'
import type { Fault, Reason } from '../fault.ts'
import { FORMER_KEYS, type FormerKeys, formerVariable } from '../schema/former-keys.ts'
import {
  ADDRESS_VARIABLE,
  CONFIG_VARIABLE,
  PREFIX,
  sectionKeys,
  sectionNames,
  settingKeys,
  variableOf,
} from '../schema/keys.ts'
import { LABEL, LABEL_CURE } from '../schema/readers.ts'
import type { Setting, SourceContent } from '../schema/setting.ts'

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables that Kubernetes sets in every container if a Service is named like this product. */
const SERVICE_LINK = /^PRISMACLOUD_PROXY_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

const keyOfVariable: ReadonlyMap<string, string> = new Map([
  [CONFIG_VARIABLE, 'config'],
  ...[...settingKeys.keys()].map((key): [string, string] => [variableOf(key), key]),
])

/**
 * The prefix of each section's variables, and the suffix for each of its keys. Longer suffixes come first, because
 * `_COMPUTE_URL` ends with `_URL`.
 */
const namedVariables = sectionNames.map(section => ({
  section,
  beginning: `${variableOf(section)}_`,
  endings: [...sectionKeys[section].keys()]
    .map(key => ({ key, ending: variableOf(key).slice(PREFIX.length - 1) }))
    .sort((one, other) => other.ending.length - one.ending.length),
}))

/**
 * Reads the settings in the environment. An empty variable counts as not set. Unknown variables, and those of former
 * keys, become faults that repeat no value.
 */
export function readEnvironment(env: Environment, formerKeys: FormerKeys = FORMER_KEYS): SourceContent {
  const settings: Setting[] = []
  const faults: Fault[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || SERVICE_LINK.test(name) || isSetByExec(name, value)) continue
    const place = formerVariable(name, formerKeys) ?? placeOf(name)
    if ('problem' in place) faults.push({ key: name, origin: name, ...place })
    else if (value) settings.push({ ...place, value, source: 'environment', origin: name })
  }
  return { settings, faults }
}

/**
 * Whether `exec` set the variable for its command, which may run this program. With any other value, the variable was
 * meant as a setting and is unknown.
 */
function isSetByExec(name: string, value = ''): boolean {
  return name === ADDRESS_VARIABLE && /^http:\/\/127\.0\.0\.1:\d+$/.test(value)
}

/** Returns warnings about variables that have an effect on Node.js but none on this proxy. */
export function warningsOfVariables({ NODE_TLS_REJECT_UNAUTHORIZED }: Environment): string[] {
  if (NODE_TLS_REJECT_UNAUTHORIZED !== '0') return []
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored, despite the warning from Node.js: certificates are always verified; unset it, and name CAs to trust in upstream.caFile',
  ]
}

type Place = Pick<Setting, 'group' | 'key'>

/** Returns the key that a variable sets, or what is wrong with its name. */
function placeOf(name: string): Place | Reason {
  const key = keyOfVariable.get(name)
  if (key !== undefined) return { group: null, key }
  const named = namedVariables.find(({ beginning }) => name.startsWith(beginning))
  const rest = name.slice(named?.beginning.length)
  const found = named?.endings.find(({ ending }) => rest.endsWith(ending))
  if (!named || !found) return unknownVariable(name)
  const label = rest.slice(0, -found.ending.length).toLowerCase().replaceAll('_', '-')
  if (LABEL.test(label)) return { group: `${named.section}.${label}`, key: found.key }
  return { problem: `invalid name between ${named.beginning} and ${found.ending}`, cure: LABEL_CURE }
}

function unknownVariable(name: string): Reason {
  const meant = nearest(name, [...keyOfVariable.keys(), ...namedCandidates(name)])
  return { problem: 'unknown variable', cure: meant ? `did you mean ${meant}?` : 'see --help' }
}

/**
 * Returns the variables that a variable with an unknown key may have been meant for. The name in it may end at any
 * underscore.
 */
function namedCandidates(variable: string): string[] {
  return namedVariables.flatMap(({ beginning, endings }) => {
    const rest = variable.startsWith(beginning) ? variable.slice(beginning.length) : ''
    const names = [...rest.matchAll(/_/g)].map(({ index }) => rest.slice(0, index))
    return names.flatMap(name => endings.map(({ ending }) => `${beginning}${name}${ending}`))
  })
}
