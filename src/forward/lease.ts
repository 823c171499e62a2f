import type { Clock } from '../kernel/clock.ts'
import { timed } from '../request/exchange.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import type { ForwardRequest } from './forward-request.ts'

export interface LeaseOptions {
  readonly clock: Clock
  readonly sessions: Sessions
}

/**
 * A lease for a journey, at once where there is one; else the wait for it is noted in its exchange.
 * @throws {Problem} as {@link Sessions.acquire}
 */
export function acquireLease(
  { exchange, tenant }: ForwardRequest,
  { clock, sessions }: LeaseOptions,
): Lease | Promise<Lease> {
  return sessions.use(tenant) ?? timed(clock, exchange, 'session', sessions.acquire(tenant, exchange.over))
}
