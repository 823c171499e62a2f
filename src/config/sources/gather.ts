import type { Fault } from '../fault.ts'
import type { Setting } from '../schema/setting.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { type FileSource, readConfigFile } from './file.ts'
import { readFlags } from './flags.ts'
import { type MergedSettings, mergeSettings } from './merged-settings.ts'
import { withWholeAddress } from './port-flag.ts'

/** What flags, environment and configuration file say, before any value is read. */
export interface GatheredSettings {
  /** What the arguments set, which overrides the environment. */
  readonly flags: readonly Setting[]
  /** What environment variables set, which overrides the file. */
  readonly environment: readonly Setting[]
  readonly file: FileSource
  /** The settings of all sources that apply. */
  readonly merged: MergedSettings
  /** What is wrong with environment and file: unknown keys, or a file that cannot be read. */
  readonly faults: readonly Fault[]
}

/**
 * Gathers the settings of all sources; what is in `given` takes precedence. Reads no file but the one that `--config` or
 * its variable names.
 * @throws {UsageError} for arguments that are not flags of the configuration, or contradict what is configured
 */
export async function gatherSettings(
  args: readonly string[],
  env: Environment,
  given: readonly Setting[] = [],
): Promise<GatheredSettings> {
  const [written, environment] = [readFlags(args), readEnvironment(env)]
  const file = await namedFile([...written, ...environment.settings])
  const flags = withWholeAddress(written, mergeSettings(environment.settings, file.settings))
  return {
    flags,
    environment: environment.settings,
    file,
    merged: mergeSettings(given, flags, environment.settings, file.settings),
    faults: [...environment.faults, ...file.faults],
  }
}

async function namedFile(settings: readonly Setting[]): Promise<FileSource> {
  const named = settings.find(setting => setting.key === 'config')
  return named ? readConfigFile(named) : { settings: [], faults: [], usable: true, warnings: [] }
}
