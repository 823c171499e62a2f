import { CONFIG_VARIABLE } from '../schema/keys.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { readConfigFile } from './file.ts'
import { mergeSettings } from './merged-settings.ts'

/**
 * Returns the names of the tenants in a configuration file and the environment, as far as they can be read: what is
 * wrong is ignored. No access key is read, and no command run. Without a file, `PRISMACLOUD_PROXY_CONFIG` names it.
 */
export async function tenantNames(file: string | undefined, env: Environment): Promise<readonly string[]> {
  const path = file ?? env[CONFIG_VARIABLE]
  const named = { group: null, key: 'config', value: path, source: 'flag', origin: '--config' } as const
  const inFile = path ? (await readConfigFile(named)).settings : []
  return mergeSettings(readEnvironment(env).settings, inFile).namesIn('tenants')
}
