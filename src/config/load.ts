import { checkAudit } from './audit.ts'
import { readClients, warningOfExposure } from './clients.ts'
import type { Config } from './config.ts'
import { warningsOfFiles } from './exposed-files.ts'
import { ConfigError, type Fault } from './fault.ts'
import { deepFreeze, FrozenMap } from './freeze.ts'
import { readOutboundProxy } from './network/outbound.ts'
import { checkTls } from './network/tls.ts'
import { policyForAll } from './policy.ts'
import { sectionKeys } from './schema/keys.ts'
import { readSettings } from './schema/read-section.ts'
import type { Settings } from './schema/schema.ts'
import { attempt, type Given, type Setting, settingOf } from './schema/setting.ts'
import { type Environment, readEnvironment, warningsOfVariables } from './sources/environment.ts'
import { type FileSource, readConfigFile } from './sources/file.ts'
import { readFlags } from './sources/flags.ts'
import { Groups } from './sources/merged-settings.ts'
import { readAuthorities, readLastingFile } from './sources/text-file.ts'
import { readTenants } from './tenants/tenants.ts'

/** What a configuration is made of. */
export interface ConfigSources {
  /** The flags that follow the command's name. */
  readonly args: readonly string[]
  readonly env: Environment
  /** Where the vendor's clients keep `.prismacloud/credentials.json`. */
  readonly homeDirectory: string
}

/**
 * The configuration: flags over environment over file over defaults; deep-frozen. Reads every file that it names, and
 * runs no command. Throws a `UsageError` for arguments that are not its flags, else a `ConfigError` with all faults at once.
 */
export async function loadConfig({ args, env, homeDirectory }: ConfigSources): Promise<Config> {
  const [flags, environment] = [readFlags(args), readEnvironment(env)]
  const file = await namedFile([...flags, ...environment.settings])
  const faults = [environment, file].flatMap(source => source.faults)
  const misread = [...faults]
  const given = new Groups().fill(flags).fill(environment.settings).fill(file.settings)
  const settings = await readSettings(given.of(null), faults)
  const clients = await readClients(settings.listen, given, faults)
  checkAudit(settings.audit, given.of(null), faults)
  await checkTls(settings.listen, given.of(null), faults)
  const authorities = await authoritiesOf(settings, given.of(null), env, faults)
  const outbound = await readOutboundProxy(settings.upstream, env, faults)

  const defaultTenant = defaultTenantOf(settings, given)
  const flagged = flags.map(setting => placed(setting, defaultTenant))
  const groups = new Groups().fill(flagged).fill(environment.settings).fill(file.settings)
  const warnings = [...file.warnings, ...warningsOfVariables(env), ...warningOfExposure(settings.listen, clients)]
  // what is missing may stand in a file that cannot be used
  const places = { env, homeDirectory }
  const tenants = file.usable ? await readTenants(groups, defaultTenant, places, { faults, warnings }) : []
  if (faults.length > 0) throw new ConfigError(withoutConsequences(faults, misread, defaultTenant))
  warnings.push(...(await warningsOfFiles(groups.all())))
  const policy = policyForAll(settings.policy)
  const upstream = { ...settings.upstream, authorities, outbound }
  const byName = new FrozenMap(tenants.map(tenant => [tenant.name, tenant]))
  return deepFreeze({ ...settings, policy, clients, upstream, defaultTenant, tenants: byName, warnings })
}

/**
 * The faults less what is missing only because its name was mistyped: in a file a key of the same tenant or client, else
 * anything, as most variables are about the default tenant.
 */
function withoutConsequences(faults: readonly Fault[], misread: readonly Fault[], defaultTenant: string): Fault[] {
  return faults.filter(({ absence, key }) => {
    const [section, name = defaultTenant] = key.split('.')
    const group = `${section}.${name}`
    const castsDoubt = ({ key }: Fault) =>
      key.includes('.') ? key.startsWith(`${group}.`) : group === `tenants.${defaultTenant}`
    return !absence || !misread.some(castsDoubt)
  })
}

async function namedFile(settings: readonly Setting[]): Promise<FileSource> {
  const named = settings.find(setting => setting.key === 'config')
  return named ? readConfigFile(named) : { settings: [], faults: [], usable: true, warnings: [] }
}

/** Beside others Node.js 20 forgets those of NODE_EXTRA_CA_CERTS. Where these cannot be read, it has said so itself. */
async function authoritiesOf(
  { upstream: { caFile } }: Settings,
  given: Given,
  { NODE_EXTRA_CA_CERTS }: Environment,
  faults: Fault[],
): Promise<string | null> {
  if (caFile === null) return null
  const read = await attempt(settingOf(given, 'upstream.caFile'), faults, () => readAuthorities(caFile))
  const extra = NODE_EXTRA_CA_CERTS ? await readLastingFile(NODE_EXTRA_CA_CERTS).catch(() => '') : ''
  return read === undefined ? null : `${read}\n${extra}`
}

/** The default that is set, else the only tenant that there is. */
function defaultTenantOf({ defaultTenant }: Settings, given: Groups): string {
  const [only, ...others] = given.names('tenants')
  const isSet = given.of(null).get('defaultTenant') !== undefined
  return isSet || only === undefined || others.length > 0 ? defaultTenant : only
}

/** A tenant's key that was given by a flag is the default tenant's. */
function placed(setting: Setting, defaultTenant: string): Setting {
  return sectionKeys.tenants.has(setting.key) ? { ...setting, group: `tenants.${defaultTenant}` } : setting
}
