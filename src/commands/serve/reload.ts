import type { App } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import { type ConfigSources, loadConfig } from '../../config/load.ts'
import { faultsOfChange } from '../../config/restart.ts'
import type { Log } from '../../kernel/log.ts'

/** Is told when a reload begins and ends. */
export interface ReloadListener {
  reloading(): void
  /** The configuration is now in use; null if it is invalid, and the previous one stays. */
  reloaded(config: Config | null): void
}

/**
 * Makes a function that reloads the configuration. If it is invalid, the current one stays in use and the log says why.
 * Calls during a reload are combined into a single further reload.
 */
export function reloader(
  app: App,
  initial: Config,
  sources: ConfigSources,
  log: Log,
  listener?: ReloadListener | null,
): () => Promise<void> {
  let asked = 0
  const reload = async () => {
    listener?.reloading()
    try {
      const config = await loadConfig(sources)
      const faults = faultsOfChange(initial, config)
      if (faults.length > 0) throw new ConfigError(faults)
      for (const warning of config.warnings) log.warn(warning)
      log.info('configuration reloaded')
      await app.reload(config)
      listener?.reloaded(config)
    } catch (error) {
      log.error(`configuration not reloaded, still using the previous one: ${(error as Error).message}`)
      listener?.reloaded(null)
    }
  }
  return async () => {
    if (asked++ > 0) return
    for (let done = 0; done < asked; ) {
      done = asked
      await reload()
    }
    asked = 0
  }
}
