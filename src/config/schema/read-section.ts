import type { Fault } from '../fault.ts'
import { defaultOf } from './fields.ts'
import {
  type ClientSettings,
  clientSchema,
  type Settings,
  settingsSchema,
  type TenantSettings,
  tenantSchema,
} from './schema.ts'
import { isField, type Section, type ValuesOf } from './section.ts'
import { type Given, settingOf } from './setting.ts'
import { attempt } from './setting-faults.ts'

/**
 * Reads the values of all keys that are in no group. An invalid value becomes a fault and is replaced by the key's
 * default.
 */
export function readSettings(given: Given, faults: Fault[]): Promise<Settings> {
  return readSection(settingsSchema, given, faults, null)
}

/** Reads the values of all keys of a tenant. An invalid value becomes a fault and is replaced by the key's default. */
export function readTenant(tenant: string, given: Given, faults: Fault[]): Promise<TenantSettings> {
  return readSection(tenantSchema, given, faults, `tenants.${tenant}`)
}

/** Reads the values of all keys of a client. An invalid value becomes a fault and is replaced by the key's default. */
export function readClient(client: string, given: Given, faults: Fault[]): Promise<ClientSettings> {
  return readSection(clientSchema, given, faults, `clients.${client}`)
}

async function readSection<S extends Section>(
  section: S,
  given: Given,
  faults: Fault[],
  group: string | null,
  path = '',
): Promise<ValuesOf<S>> {
  const values: Record<string, unknown> = {}
  for (const [name, node] of Object.entries(section)) {
    const key = `${path}${name}`
    const setting = settingOf(given, key, group)
    if (!isField(node)) values[name] = await readSection(node, given, faults, group, `${key}.`)
    else if (setting.value === null) values[name] = defaultOf(node)
    else values[name] = (await attempt(setting, faults, () => node.read(setting.value))) ?? defaultOf(node)
  }
  // each member was read by the field of its name
  return values as ValuesOf<S>
}
