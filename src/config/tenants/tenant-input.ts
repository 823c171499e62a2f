import type { Fault } from '../fault.ts'
import type { TenantSettings } from '../schema/schema.ts'
import { type Given, pathOf, type Setting, settingOf } from '../schema/setting.ts'

/** A tenant whose values are read, and whose parts are still to be looked at together. */
export interface Draft {
  readonly name: string
  readonly given: Given
  readonly values: TenantSettings
  /** Where to put what is wrong. */
  readonly faults: Fault[]
  /** Where to put what is allowed but most likely a mistake. */
  readonly warnings: string[]
}

/** The setting of a tenant's key. */
export function draftSetting({ given, name }: Draft, key: string): Setting {
  return settingOf(given, key, `tenants.${name}`)
}

/** The fault of a key that a tenant needs. A vendor's variable that was looked at in vain is named. */
export function missing(setting: Setting, alternatives: string): Fault {
  const vendor = /^[A-Z_]+$/.test(setting.origin)
  const cure = vendor ? `Set ${setting.origin} too.` : `Set ${pathOf(setting)}, or ${alternatives}.`
  return { key: pathOf(setting), origin: setting.origin, problem: 'is missing', cure, absence: true }
}
