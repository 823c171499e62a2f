import { checkAudit } from './audit.ts'
import { readClients, warningOfExposure } from './clients.ts'
import type { Config } from './config.ts'
import { warningsOfFiles } from './exposed-files.ts'
import { ConfigError, type Fault } from './fault.ts'
import { readRedis } from './fleet.ts'
import { deepFreeze, FrozenMap } from './freeze.ts'
import { checkAdminAddress } from './network/admin.ts'
import { proxyInEnvironment, readOutboundProxy } from './network/outbound.ts'
import { checkPassed, type PassedAddress, settingOfPassed } from './network/passed-address.ts'
import { checkTls } from './network/tls.ts'
import { readOtel } from './otel.ts'
import { checkAllow, policyForAll } from './policy.ts'
import { sectionKeys } from './schema/keys.ts'
import { readSettings } from './schema/read-section.ts'
import type { Settings } from './schema/schema.ts'
import { type Given, type Setting, settingOf } from './schema/setting.ts'
import { attempt } from './schema/setting-faults.ts'
import { type Environment, warningsOfVariables } from './sources/environment.ts'
import { gatherSettings } from './sources/gather.ts'
import { type MergedSettings, mergeSettings } from './sources/merged-settings.ts'
import { readAuthorities, readLastingFile } from './sources/text-file.ts'
import { readTenants } from './tenants/tenants.ts'

/** The sources of a configuration. */
export interface ConfigSources {
  /** The arguments after the command's name. */
  readonly args: readonly string[]
  readonly env: Environment
  /** The folder in which the vendor's clients keep `.prismacloud/credentials.json`. */
  readonly homeDirectory: string
  /** The addresses of sockets that a service manager passed. They replace those of all other sources. */
  readonly passed?: readonly PassedAddress[]
}

/** What the sources of a configuration say, even if it has faults. */
export interface Reading {
  /** The whole configuration, deep-frozen; null if there are faults. */
  readonly config: Config | null
  readonly faults: readonly Fault[]
  /** Every setting that applies, with its origin: also what the vendor's variables and files give. May be secret. */
  readonly settings: MergedSettings
  /** The name of the default tenant. */
  readonly defaultTenant: string
}

/**
 * Loads the configuration, deep-frozen. Flags override the environment, which overrides the file, which overrides the
 * defaults. Reads every file that the configuration names, and runs no command.
 * @throws {ConfigError} with all faults at once
 * @throws {UsageError} for arguments that are not flags of the configuration
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const { config, faults } = await readConfig(sources)
  if (config === null) throw new ConfigError(faults)
  return config
}

/**
 * Reads the configuration as {@link loadConfig} does, but returns the faults along with what can be said in spite of
 * them.
 * @throws {UsageError} for arguments that are not flags of the configuration
 */
export async function readConfig({ args, env, homeDirectory, passed = [] }: ConfigSources): Promise<Reading> {
  const sockets = passed.map(settingOfPassed)
  const { flags, environment, file, merged, faults: misread } = await gatherSettings(args, env, sockets)
  const faults = [...misread]
  const general = merged.inGroup(null)
  const settings = await readSettings(general, faults)
  const clients = await readClients(settings.listen, merged, faults)
  checkAudit(settings.audit, general, faults)
  checkAdminAddress(settings, general, faults)
  checkPassed(passed, settings, faults)
  await attempt(settingOf(general, 'policy.allow'), faults, () => checkAllow(settings.policy))
  await checkTls(settings.listen, general, faults)
  const authorities = await authoritiesOf(settings, general, env, faults)
  const redis = await readRedis(settings.fleet, general, faults)
  const outbound = await readOutboundProxy(settings.upstream, env, faults)
  const traces = await readOtel(settings.otel, env, faults)

  const defaultTenant = defaultTenantOf(settings, merged)
  const flagged = flags.map(setting => assignTenant(setting, defaultTenant))
  const assigned = mergeSettings(sockets, flagged, environment, file.settings)
  const warnings = [...file.warnings, ...warningsOfVariables(env), ...warningOfExposure(settings.listen, clients)]
  const places = { env, homeDirectory }
  // a file that cannot be read may contain what seems to be missing
  const tenants = file.usable ? await readTenants(assigned, defaultTenant, places, { faults, warnings }) : []
  const proxy = proxyInEnvironment(env)
  const reading = { settings: proxy ? assigned.fill([proxy]) : assigned, defaultTenant }
  if (faults.length > 0)
    return { ...reading, config: null, faults: withoutConsequences(faults, misread, defaultTenant) }
  warnings.push(...(await warningsOfFiles(assigned.all())))
  const policy = policyForAll(settings.policy)
  const upstream = { ...settings.upstream, authorities, outbound }
  const fleet = { ...settings.fleet, redis }
  const byName = new FrozenMap(tenants.map(tenant => [tenant.name, tenant]))
  const all = { ...settings, policy, clients, upstream, fleet, traces, defaultTenant, tenants: byName, warnings }
  return { ...reading, config: deepFreeze(all), faults }
}

/** Leaves out the faults for keys that are missing only because a name is mistyped. */
function withoutConsequences(faults: readonly Fault[], misread: readonly Fault[], defaultTenant: string): Fault[] {
  const doubtful = new Set(misread.map(({ key }) => groupOf(key, defaultTenant)))
  return faults.filter(({ absence, key }) => !absence || !doubtful.has(groupOf(key, defaultTenant)))
}

/**
 * Returns the tenant or client that a fault's key belongs to, or may have been meant for. Variables and top-level keys
 * are mostly meant for the default tenant.
 */
function groupOf(key: string, defaultTenant: string): string | null {
  const [section, name, own] = key.split('.')
  if (name === undefined) return `tenants.${defaultTenant}`
  return own === undefined ? null : `${section}.${name}`
}

/**
 * Returns the CA certificates to trust in addition to those of Node.js. Node.js 20 ignores NODE_EXTRA_CA_CERTS when it
 * is given other certificates, so those are added here. If that file cannot be read, Node.js has already warned about
 * it.
 */
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

/** Returns the configured default tenant, or else the only tenant. */
function defaultTenantOf({ defaultTenant }: Settings, merged: MergedSettings): string {
  const [only, ...others] = merged.namesIn('tenants')
  const isSet = merged.inGroup(null).get('defaultTenant') !== undefined
  return isSet || only === undefined || others.length > 0 ? defaultTenant : only
}

/** Assigns a flag for a tenant's key to the default tenant. */
function assignTenant(setting: Setting, defaultTenant: string): Setting {
  return sectionKeys.tenants.has(setting.key) ? { ...setting, group: `tenants.${defaultTenant}` } : setting
}
