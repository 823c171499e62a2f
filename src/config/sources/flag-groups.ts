import type { Flag, FlagGroup } from '../../kernel/arguments.ts'
import { isSet } from '../schema/config-table.ts'
import type { Field, Kind } from '../schema/fields.ts'
import { flagOf, sectionKeys, settingKeys } from '../schema/keys.ts'
import type { settingsSchema } from '../schema/schema.ts'

/** A flag of the configuration, and what it sets. */
export interface ConfigFlag extends Flag {
  /** The path of its key; `config` for the configuration file. */
  readonly key: string
  /** What the flag sets the key to, if it takes no value itself. */
  readonly value?: string
}

/** Flags of the configuration that belong together. */
export interface ConfigFlagGroup extends FlagGroup {
  readonly flags: readonly ConfigFlag[]
}

/** The flag that sets only the port of `listen.address`. */
export const PORT_FLAG = '--port'

/** The group of each key, by the first part of its path. Groups appear in this order. */
const TITLES: Readonly<Record<'tenants' | keyof typeof settingsSchema, string>> = {
  tenants: 'Tenant',
  defaultTenant: 'Tenant',
  listen: 'Listen',
  connect: 'HTTPS proxy',
  policy: 'Policies',
  errors: 'Requests and responses',
  assumeJson: 'Requests and responses',
  session: 'Sessions',
  upstream: 'Upstream',
  retry: 'Retries',
  replay: 'Retries',
  pacing: 'Rate limits',
  cache: 'Cache',
  fleet: 'Fleet',
  admin: 'Administration',
  audit: 'Audit',
  inspect: 'Recorded requests',
  otel: 'Traces',
  log: 'Log',
}

/** The keys whose flags the help shows first. */
const IMPORTANT: readonly string[] = [
  'url',
  'accessKeyIdFile',
  'secretKeyFile',
  'listen.address',
  'listen.tls',
  'policy.access',
  'upstream.proxy',
  'upstream.caFile',
]

const PLACEHOLDERS: Readonly<Record<Kind, string>> = {
  address: 'ADDRESS',
  argv: 'COMMAND',
  cacheRules: 'LIST',
  choice: 'WORD',
  count: 'NUMBER',
  duration: 'DURATION',
  file: 'FILE',
  hosts: 'LIST',
  label: 'NAME',
  mode: 'MODE',
  proxyUrl: 'URL',
  redisUrl: 'URL',
  rules: 'LIST',
  secret: 'SECRET',
  size: 'SIZE',
  text: 'TEXT',
  toggle: 'true|false',
}

/** The keys whose values shells can complete. */
const COMPLETED: Readonly<Record<string, 'stacks' | 'tenants'>> = { url: 'stacks', defaultTenant: 'tenants' }

/** The flags that are no keys of the schema, by the title of their group, in which they come first. */
const SHORTCUTS: Readonly<Record<string, readonly ConfigFlag[]>> = {
  Listen: [
    {
      key: 'listen.address',
      name: PORT_FLAG,
      short: '-p',
      kind: 'value',
      placeholder: 'NUMBER',
      text: 'Port to listen on, at the host of listen.address; 0 is any free port.',
      isImportant: true,
    },
  ],
  Log: [
    {
      key: 'log.level',
      value: 'warn',
      name: '--quiet',
      short: '-q',
      kind: 'switch',
      text: 'Log only warnings and errors.',
      isImportant: true,
    },
    {
      key: 'log.level',
      value: 'debug',
      name: '--verbose',
      short: '-v',
      kind: 'switch',
      text: 'Log more, for debugging.',
      isImportant: true,
    },
  ],
}

const CONFIG_FILE: ConfigFlag = {
  key: 'config',
  name: '--config',
  short: '-c',
  kind: 'value',
  placeholder: 'FILE',
  text: 'YAML file with the configuration.',
  isImportant: true,
}

/** The keys that have a flag, with the group of each. Secrets have none, because other users can see flags. */
const keys: readonly (readonly [title: string, key: string, field: Field])[] = [
  ...[...sectionKeys.tenants]
    .filter(([, { kind }]) => kind === 'text' || kind === 'file')
    .map(([key, field]) => [TITLES.tenants, key, field] as const),
  ...[...settingKeys]
    .filter(([, { kind }]) => kind !== 'secret')
    .map(([key, field]) => [titleOf(key), key, field] as const),
]

function titleOf(key: string): string {
  // each path begins with a name of the schema's first level
  return TITLES[key.split('.')[0] as keyof typeof TITLES]
}

/** Every flag that sets something of the configuration, in groups. */
export const configGroups: readonly ConfigFlagGroup[] = [
  { title: 'Configuration', flags: [CONFIG_FILE] },
  ...[...new Set(Object.values(TITLES))].map(title => ({
    title,
    flags: [
      ...(SHORTCUTS[title] ?? []),
      ...keys.filter(([of]) => of === title).map(([, key, field]) => keyFlag(key, field)),
    ],
  })),
]

function keyFlag(key: string, { kind, description, enum: choices, default: value }: Field): ConfigFlag {
  return {
    key,
    name: flagOf(key),
    kind: kind === 'toggle' ? 'toggle' : 'value',
    text: description,
    placeholder: PLACEHOLDERS[kind],
    isImportant: IMPORTANT.includes(key),
    ...(choices && { choices }),
    ...(isSet(value) && { default: `${value}` }),
    ...(COMPLETED[key] && { completes: COMPLETED[key] }),
  }
}

/** Returns the groups without the flags of some keys, which a command does not take. */
export function configGroupsWithout(without: ReadonlySet<string>): readonly ConfigFlagGroup[] {
  const groups = configGroups.map(({ title, flags }) => ({
    title,
    flags: flags.filter(({ key }) => !without.has(key)),
  }))
  return groups.filter(({ flags }) => flags.length > 0)
}
