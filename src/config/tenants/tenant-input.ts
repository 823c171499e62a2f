import type { Fault } from '../fault.ts'
import type { TenantSettings } from '../schema/schema.ts'
import { type Given, type Setting, settingOf } from '../schema/setting.ts'

/** A tenant's settings, each read on its own; whether they go together is still to be checked. */
export interface TenantInput {
  readonly name: string
  readonly given: Given
  readonly values: TenantSettings
  /** Collects what is wrong. */
  readonly faults: Fault[]
  /** Collects what is allowed but most likely a mistake. */
  readonly warnings: string[]
}

/** The setting of a tenant's key. Without one, its value is null and its source is the default. */
export function settingIn({ given, name }: TenantInput, key: string): Setting {
  return settingOf(given, key, `tenants.${name}`)
}
