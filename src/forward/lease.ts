import type { Clock } from '../kernel/clock.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import { timed } from './exchange.ts'
import type { Journey } from './journey.ts'

export interface LeaseOptions {
  readonly clock: Clock
  readonly sessions: Sessions
}

/**
 * A lease for a journey, waiting for one where there is none; the wait is noted in its exchange.
 * @throws {Problem} as {@link Sessions.acquire}
 */
export async function acquireLease({ exchange, tenant }: Journey, { clock, sessions }: LeaseOptions): Promise<Lease> {
  return sessions.use(tenant) ?? (await timed(clock, exchange, 'session', sessions.acquire(tenant, exchange.over)))
}
