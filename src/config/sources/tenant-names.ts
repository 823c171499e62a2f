import type { Environment } from './environment.ts'
import { gatherSettings } from './gather.ts'

/**
 * Returns the names of the tenants in a configuration file and the environment, as far as they can be read: what is
 * wrong is ignored. No access key is read, and no command run. Without a file, `PRISMACLOUD_PROXY_CONFIG` names it.
 */
export async function tenantNames(file: string | undefined, env: Environment): Promise<readonly string[]> {
  const { merged } = await gatherSettings(file === undefined ? [] : [`--config=${file}`], env)
  return merged.namesIn('tenants')
}
