import { nearest } from '../../kernel/nearest.ts'
import type { Fault } from '../fault.ts'
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

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What Kubernetes sets in every container beside a Service that is called like this product. */
const SERVICE_LINK = /^PRISMACLOUD_PROXY_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

const keyOfVariable: ReadonlyMap<string, string> = new Map([
  [CONFIG_VARIABLE, 'config'],
  ...[...settingKeys.keys()].map((key): [string, string] => [variableOf(key), key]),
])

/** How the variables of groups begin, and how each of their keys ends one: the longer first, as `_COMPUTE_URL` ends with `_URL`. */
const namedVariables = sectionNames.map(section => ({
  section,
  beginning: `${variableOf(section)}_`,
  endings: [...sectionKeys[section].keys()]
    .map(key => ({ key, ending: variableOf(key).slice(PREFIX.length - 1) }))
    .sort((one, other) => other.ending.length - one.ending.length),
}))

/** The settings in the environment. An empty variable counts as not set. No fault repeats a value. */
export function readEnvironment(env: Environment): SourceContent {
  const settings: Setting[] = []
  const faults: Fault[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || SERVICE_LINK.test(name) || isToldByExec(name, value)) continue
    const place = placeOf(name)
    if ('problem' in place) faults.push({ key: name, origin: name, ...place })
    else if (value) settings.push({ ...place, value, source: 'environment', origin: name })
  }
  return { settings, faults }
}

/** Whether this runs as the command of an `exec`, or below it. Anything else there is meant as a setting, and is none. */
function isToldByExec(name: string, value = ''): boolean {
  return name === ADDRESS_VARIABLE && /^http:\/\/127\.0\.0\.1:\d+$/.test(value)
}

/** What is to be said of variables that Node.js follows and this product does not. */
export function warningsOfVariables({ NODE_TLS_REJECT_UNAUTHORIZED }: Environment): string[] {
  if (NODE_TLS_REJECT_UNAUTHORIZED !== '0') return []
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored, whatever Node.js says of it: certificates are always verified. Unset it; upstream.caFile names authorities to trust.',
  ]
}

type Place = Pick<Setting, 'group' | 'key'> | Pick<Fault, 'problem' | 'cure'>

function placeOf(name: string): Place {
  const key = keyOfVariable.get(name)
  if (key !== undefined) return { group: null, key }
  const named = namedVariables.find(({ beginning }) => name.startsWith(beginning))
  const rest = name.slice(named?.beginning.length)
  const found = named?.endings.find(({ ending }) => rest.endsWith(ending))
  if (!named || !found) return unknownVariable(name)
  const label = rest.slice(0, -found.ending.length).toLowerCase().replaceAll('_', '-')
  if (LABEL.test(label)) return { group: `${named.section}.${label}`, key: found.key }
  return { problem: `does not hold the name of one of the ${named.section}`, cure: LABEL_CURE }
}

function unknownVariable(name: string): Place {
  const meant = nearest(name, [...keyOfVariable.keys(), ...namedCandidates(name)])
  return { problem: 'is not a known variable', cure: meant ? `Did you mean ${meant}?` : 'See --help.' }
}

/** What may have been meant by a variable whose key is not known: the name of its group may end at any underscore. */
function namedCandidates(variable: string): string[] {
  return namedVariables.flatMap(({ beginning, endings }) => {
    const rest = variable.startsWith(beginning) ? variable.slice(beginning.length) : ''
    const names = [...rest.matchAll(/_/g)].map(({ index }) => rest.slice(0, index))
    return names.flatMap(name => endings.map(({ ending }) => `${beginning}${name}${ending}`))
  })
}
