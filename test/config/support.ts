import { join } from 'node:path'
import type { Test } from 'tap'
import type { Config } from '../../src/config/config.ts'
import { ConfigError, type Fault } from '../../src/config/fault.ts'
import { type ConfigSources, loadConfig } from '../../src/config/load.ts'

/** A complete tenant, in the vendor's own variables. */
export const VENDOR = { PC_URL: 'app2', PC_IDENTITY: 'an-id', PC_SECRET: 'a-secret' }

/** Loads a configuration, with a complete tenant in the environment unless `env` is given. */
export function load(sources: Partial<ConfigSources> = {}): Promise<Config> {
  return loadConfig({ args: [], env: VENDOR, homeDirectory: join(import.meta.dirname, 'nobody'), ...sources })
}

/** The faults of a configuration; throws if it has none. */
export async function faultsOf(sources: Partial<ConfigSources>): Promise<readonly Fault[]> {
  try {
    await load(sources)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  throw new Error('the configuration has no faults')
}

/** The path of a new file with that text, in the test's own folder. */
export function yaml(t: Test, text: string): string {
  return join(t.testdir({ 'c.yaml': text }), 'c.yaml')
}
