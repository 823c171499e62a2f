import type { Fault } from '../fault.ts'
import type { TenantSettings } from '../schema/schema.ts'
import { type Given, pathOf, type Setting, settingOf } from '../schema/setting.ts'

/** A tenant's settings, each read on its own; what they mean together is still to be checked. */
export interface TenantInput {
  readonly name: string
  readonly given: Given
  readonly values: TenantSettings
  /** Where to put what is wrong. */
  readonly faults: Fault[]
  /** Where to put what is allowed but most likely a mistake. */
  readonly warnings: string[]
}

/** The setting of a tenant's key, or one that says that the default holds. */
export function settingIn({ given, name }: TenantInput, key: string): Setting {
  return settingOf(given, key, `tenants.${name}`)
}

/** The fault of a key that a tenant needs. A vendor's variable that was looked at in vain is named. */
export function missing(setting: Setting, alternatives: string): Fault {
  // a variable of ours that is not set is no setting at all
  const isVendors = setting.source === 'environment'
  const cure = isVendors ? `Set ${setting.origin} too.` : `Set ${pathOf(setting)}, or ${alternatives}.`
  return { key: pathOf(setting), origin: setting.origin, problem: 'is missing', cure, absence: true }
}
