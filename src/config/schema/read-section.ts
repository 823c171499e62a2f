import type { Fault } from '../fault.ts'
import type { Section } from './keys.ts'
import { defaultValue, readValue } from './readers.ts'
import {
  type ClientSettings,
  clientSchema,
  type Settings,
  settingsSchema,
  type TenantSettings,
  tenantSchema,
} from './schema.ts'
import { attempt, type Given, settingOf } from './setting.ts'

/** The values of all keys that are in no group. Those that are not valid become faults, and have their defaults. */
export async function readSettings(given: Given, faults: Fault[]): Promise<Settings> {
  // Each leaf is read by its kind's reader, and each kind's constructor declares what that returns.
  return (await readSection(settingsSchema, given, faults, null, '')) as Settings
}

/** The values of all keys of a tenant. Those that are not valid become faults, and have their defaults. */
export async function readTenant(tenant: string, given: Given, faults: Fault[]): Promise<TenantSettings> {
  return (await readSection(tenantSchema, given, faults, `tenants.${tenant}`, '')) as TenantSettings
}

/** The same for a client. */
export async function readClient(client: string, given: Given, faults: Fault[]): Promise<ClientSettings> {
  return (await readSection(clientSchema, given, faults, `clients.${client}`, '')) as ClientSettings
}

async function readSection(section: Section, given: Given, faults: Fault[], group: string | null, path: string) {
  const values: Record<string, unknown> = {}
  for (const [name, node] of Object.entries(section.properties)) {
    const key = `${path}${name}`
    const setting = settingOf(given, key, group)
    if ('properties' in node) values[name] = await readSection(node, given, faults, group, `${key}.`)
    else if (setting.value === null) values[name] = defaultValue(node)
    else values[name] = (await attempt(setting, faults, () => readValue(node, setting.value))) ?? defaultValue(node)
  }
  return values
}
