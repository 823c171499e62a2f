import type { StoreOptions } from '../fleet/store.ts'
import type { Log } from '../kernel/log.ts'

/** Logs a line whenever the store of a fleet fails or is back. `members` returns how many members there were last. */
export function fleetLog(log: Log, fleet: string, members: () => number): StoreOptions['changed'] {
  return (state, reason) => {
    const share = members() > 1 ? `, with 1/${members()} of the rate limits,` : ''
    if (state === 'up') log.info({ fleet }, `fleet ${fleet}: sharing sessions and rate limits through Redis`)
    else log.warn({ fleet, reason }, `fleet ${fleet}: going on alone${share} until Redis is back: ${reason}`)
  }
}
