import { nearest } from '../kernel/nearest.ts'
import type { Fault } from './fault.ts'
import { CONFIG_VARIABLE, PREFIX, settingKeys, tenantKeys, variableOf } from './keys.ts'
import { LABEL } from './leaves.ts'
import type { Setting, Source } from './setting.ts'
import { LABEL_CURE } from './values.ts'

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

const TENANTS = `${PREFIX}TENANTS_`

/** What Kubernetes sets in every container beside a Service that is called like this product. */
const SERVICE_LINK = /^PRISMACLOUD_PROXY_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

const keyOfVariable: ReadonlyMap<string, string> = new Map([
  [CONFIG_VARIABLE, 'config'],
  ...[...settingKeys.keys()].map((key): [string, string] => [variableOf(key), key]),
])

const tenantSuffixes: readonly (readonly [string, string])[] = [...tenantKeys.keys()].map(key => [
  variableOf(key).slice(PREFIX.length - 1),
  key,
])

/** The settings in the environment. An empty variable counts as not set. No fault repeats a value. */
export function readEnvironment(env: Environment): Source {
  const settings: Setting[] = []
  const faults: Fault[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || SERVICE_LINK.test(name)) continue
    const place = placeOf(name)
    if ('problem' in place) faults.push({ key: name, origin: name, ...place })
    else if (value) settings.push({ ...place, value, origin: name })
  }
  return { settings, faults }
}

type Place = Pick<Setting, 'tenant' | 'key'> | Pick<Fault, 'problem' | 'cure'>

function placeOf(name: string): Place {
  const key = keyOfVariable.get(name)
  if (key !== undefined) return { tenant: null, key }
  const rest = name.startsWith(TENANTS) ? name.slice(TENANTS.length) : ''
  const found = tenantSuffixes.find(([suffix]) => rest.endsWith(suffix))
  if (found === undefined) return unknownVariable(name, rest)
  const tenant = rest.slice(0, -found[0].length).toLowerCase().replaceAll('_', '-')
  if (LABEL.test(tenant)) return { tenant, key: found[1] }
  return { problem: 'does not hold the name of a tenant', cure: LABEL_CURE }
}

function unknownVariable(name: string, rest: string): Place {
  const meant = nearest(name, [...keyOfVariable.keys(), ...tenantVariables(rest)])
  return { problem: 'is not a known variable', cure: meant ? `Did you mean ${meant}?` : 'See --help.' }
}

/** What may have been meant by a variable whose key is not known: its name may end at any underscore. */
function tenantVariables(rest: string): string[] {
  const names = [...rest.matchAll(/_/g)].map(({ index }) => rest.slice(0, index))
  return names.flatMap(name => tenantSuffixes.map(([suffix]) => `${TENANTS}${name}${suffix}`))
}
