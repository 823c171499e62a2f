import type { Clock } from '../kernel/clock.ts'
import type { Pacer } from '../pacing/pacer.ts'
import type { Permit } from '../pacing/permit.ts'
import { timed } from '../request/exchange.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import type { ForwardRequest } from './forward-request.ts'

/** What {@link acquirePermit} and {@link acquireLease} need. */
export interface AcquireOptions {
  readonly clock: Clock
  readonly pacer: Pacer
  readonly sessions: Sessions
}

/**
 * Acquires a permit under the request's rate limit: immediately if one is free, otherwise after a wait, which is added
 * to the exchange. Returns `undefined` if there is no limit. A request that the upstream has already refused
 * (`returned`) goes ahead of the others.
 * @throws {Problem} as {@link Pacer.admit} does
 */
export function acquirePermit(
  { exchange, request, plan }: ForwardRequest,
  { pacer, clock }: Pick<AcquireOptions, 'pacer' | 'clock'>,
  returned = false,
): Promise<Permit | undefined> | Permit | undefined {
  if (!plan.paced) return pacer.pass(plan.endpoint)
  const { client, over, spent } = exchange
  const asking = { client: client ?? request.socket, returned, waited: spent.queue, signal: over }
  const permit = pacer.admit(plan.endpoint, asking)
  return permit instanceof Promise ? timed(clock, exchange, 'queue', permit) : permit
}

/**
 * Acquires a lease of the tenant's session: immediately if there is one, otherwise after a wait, which is added to the
 * exchange.
 * @throws {Problem} as {@link Sessions.acquire} does
 */
export function acquireLease(
  { exchange, plan }: ForwardRequest,
  { clock, sessions }: Pick<AcquireOptions, 'clock' | 'sessions'>,
): Lease | Promise<Lease> {
  return sessions.use(plan.tenant) ?? timed(clock, exchange, 'session', sessions.acquire(plan.tenant, exchange.over))
}
