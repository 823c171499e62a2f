import type { PacingStatus } from '../../admin/status.ts'
import type { LevelHistory } from '../../inspect/levels.ts'

/** How much of the past is kept, in milliseconds. */
const SHOWN = 10 * 60_000

/** The levels of the last ten minutes with one reading more, which was made `at` milliseconds since the epoch. */
export function withReading(
  { times, endpoints }: LevelHistory,
  { endpoints: read }: PacingStatus,
  at: number,
): LevelHistory {
  const first = times.findIndex(time => at - time < SHOWN)
  const from = first === -1 ? times.length : first
  return {
    times: [...times.slice(from), at],
    endpoints: read.map(({ tenant, endpoint, limit, waiting }) => {
      const known = endpoints.find(each => each.tenant === tenant && each.endpoint === endpoint)
      const none = times.map(() => null)
      return {
        tenant,
        endpoint,
        remaining: [...(known?.remaining ?? none).slice(from), limit?.remaining ?? null],
        waiting: [...(known?.waiting ?? none).slice(from), waiting],
      }
    }),
  }
}
