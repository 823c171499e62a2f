import type { Fault } from '../fault.ts'
import type { TenantSettings } from '../schema/schema.ts'
import { type Given, type Setting, settingOf } from '../schema/setting.ts'

/** A tenant's settings, each of which is read by itself. Whether they fit together is yet to be checked. */
export interface TenantInput {
  readonly name: string
  readonly given: Given
  readonly values: TenantSettings
  /** Collects the faults: what is wrong with the settings. */
  readonly faults: Fault[]
  /** Collects warnings about what is allowed but most likely a mistake. */
  readonly warnings: string[]
}

/** Returns the setting of a tenant's key. If there is none, the result has the value null and the source `default`. */
export function settingIn({ given, name }: TenantInput, key: string): Setting {
  return settingOf(given, key, `tenants.${name}`)
}
