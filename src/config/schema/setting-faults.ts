import { StackError } from '../../stacks/error.ts'
import { describe, type Fault, InvalidElements, InvalidValue, quote, type Reason } from '../fault.ts'
import { fieldOf } from './keys.ts'
import { isQuoted, pathOf, type Setting } from './setting.ts'

/** A colon that neither ends a scheme nor starts a port at the end. */
const MAY_HOLD_PASSWORD = /:(?!\/\/)(?!\d{1,5}\/?$)/

/** Returns a fault in a setting's value. Quotes the value unless it may be secret. */
export function faultOf(setting: Setting, reason: Reason): Fault {
  const kind = fieldOf(setting.key)?.kind
  const isPrivate =
    kind === 'secret' ||
    kind === 'argv' ||
    ((kind === 'proxyUrl' || kind === 'redisUrl') && MAY_HOLD_PASSWORD.test(`${setting.value}`))
  const quoted = typeof setting.value === 'string' && !isPrivate ? quote(setting.value) : null
  const hint = isQuoted(setting.value) ? 'remove the quotes; ' : ''
  const { key, origin } = placeOf(setting)
  return { key, origin, problem: describe(reason, quoted), cure: hint + reason.cure }
}

/** Returns the fault of a required key that is not set. The cure for a vendor's variable is to set that variable. */
export function missing(setting: Setting, cure: string): Fault {
  const { key, origin } = placeOf(setting)
  const fault = { key, problem: 'missing', absence: true } as const
  if (setting.source === 'default') return { ...fault, origin: key, cure }
  // in the environment, only the vendor's variables become settings even if they are not set
  return { ...fault, origin, cure: setting.source === 'environment' ? `set ${origin}, too` : cure }
}

/** Returns the key and origin for a fault about a setting. */
export function placeOf(setting: Setting): Pick<Fault, 'key' | 'origin'> {
  return { key: pathOf(setting), origin: setting.origin }
}

/** Returns the faults of elements in a setting's list. */
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
