import type { Field } from './fields.ts'
import { namedSchemas, settingsSchema } from './schema.ts'
import { isField, type Section } from './section.ts'

/** The prefix of the names of all environment variables. */
export const PREFIX = 'PRISMACLOUD_PROXY_'

/** The variable that names the configuration file, as the flag `--config` does. */
export const CONFIG_VARIABLE = `${PREFIX}CONFIG`

/** The variable with the proxy's URL that `exec` sets for its command. It is not a setting. */
export const ADDRESS_VARIABLE = `${PREFIX}URL`

/** Every field outside tenants and clients, by the path of its key: `listen.address`. */
export const settingKeys: ReadonlyMap<string, Field> = new Map(fieldsOf(settingsSchema, ''))

/** A section whose entries have names, such as `tenants` in `tenants.prod`. */
export type SectionName = keyof typeof namedSchemas

/** The sections whose entries have names. */
export const sectionNames = Object.keys(namedSchemas) as SectionName[]

/** The fields of an entry in each section, by key: `accessKeyId`. No key is also a path in {@link settingKeys}. */
export const sectionKeys: Readonly<Record<SectionName, ReadonlyMap<string, Field>>> = {
  tenants: new Map(fieldsOf(namedSchemas.tenants, '')),
  clients: new Map(fieldsOf(namedSchemas.clients, '')),
}

/** The field of a key, given by its path in {@link settingKeys} or its key in {@link sectionKeys}. */
export function fieldOf(key: string): Field | undefined {
  return [settingKeys, ...Object.values(sectionKeys)].map(keys => keys.get(key)).find(field => field !== undefined)
}

function fieldsOf(section: Section, path: string): [string, Field][] {
  return Object.entries(section).flatMap(([name, node]): [string, Field][] =>
    isField(node) ? [[`${path}${name}`, node]] : fieldsOf(node, `${path}${name}.`),
  )
}

/** The flag of a key: `--listen-client-token-file` for `listen.clientTokenFile`. */
export function flagOf(key: string): string {
  return `--${key.replaceAll('.', '-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** The variable of a key: `PRISMACLOUD_PROXY_LISTEN_CLIENT_TOKEN_FILE` for `listen.clientTokenFile`. */
export function variableOf(key: string): string {
  return `${PREFIX}${flagOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`
}

/** The variable of a tenant's key: `PRISMACLOUD_PROXY_TENANTS_TEAM_A_SECRET_KEY` for `secretKey` of `team-a`. */
export function tenantVariable(tenant: string, key: string): string {
  return variableOf(`tenants.${tenant}.${key}`)
}
