import type { Field } from './fields.ts'
import { namedSchemas, settingsSchema } from './schema.ts'
import { isField, type Section } from './section.ts'

/** What every variable of ours begins with. */
export const PREFIX = 'PRISMACLOUD_PROXY_'

/** The variable that names the configuration file; `--config` is its flag. */
export const CONFIG_VARIABLE = `${PREFIX}CONFIG`

/** The variable in which `exec` tells a command the proxy's address. It sets nothing. */
export const ADDRESS_VARIABLE = `${PREFIX}URL`

/** Every key that is no tenant's, by its path: `listen.address`. */
export const settingKeys: ReadonlyMap<string, Field> = new Map(fieldsOf(settingsSchema, ''))

/** What there may be several of, each with a name of its own: `tenants.prod`. */
export type SectionName = keyof typeof namedSchemas

export const sectionNames = Object.keys(namedSchemas) as SectionName[]

/** Every key of a named section, by its own name: `accessKeyId`. No name is also a path in {@link settingKeys}. */
export const sectionKeys: Readonly<Record<SectionName, ReadonlyMap<string, Field>>> = {
  tenants: new Map(fieldsOf(namedSchemas.tenants, '')),
  clients: new Map(fieldsOf(namedSchemas.clients, '')),
}

/** The field of a key, wherever it stands. */
export function fieldOf(key: string): Field | undefined {
  return [settingKeys, ...Object.values(sectionKeys)].map(keys => keys.get(key)).find(field => field !== undefined)
}

function fieldsOf(section: Section, path: string): [string, Field][] {
  return Object.entries(section).flatMap(([name, node]): [string, Field][] =>
    isField(node) ? [[`${path}${name}`, node]] : fieldsOf(node, `${path}${name}.`),
  )
}

/** `listen.clientTokenFile` → `--listen-client-token-file`. */
export function flagOf(key: string): string {
  return `--${key.replaceAll('.', '-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** `listen.clientTokenFile` → `PRISMACLOUD_PROXY_LISTEN_CLIENT_TOKEN_FILE`. */
export function variableOf(key: string): string {
  return `${PREFIX}${flagOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`
}

/** The variable of a tenant's key: `PRISMACLOUD_PROXY_TENANTS_TEAM_A_SECRET_KEY`. */
export function tenantVariable(tenant: string, key: string): string {
  return variableOf(`tenants.${tenant}.${key}`)
}
