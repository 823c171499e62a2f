import type { Clock } from '../kernel/clock.ts'
import type { Permit } from '../pacing/gate.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { timed } from '../request/exchange.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import type { ForwardRequest } from './forward-request.ts'

/** The sources of what a request needs before it is sent. */
export interface AcquireOptions {
  readonly clock: Clock
  readonly pacer: Pacer
  readonly sessions: Sessions
}

/**
 * Acquires a permit of the request's rate limit: at once if one is free, `undefined` if there is no limit, or after a wait that
 * is added to the exchange. A request that `returned` after the upstream refused it goes before others.
 * @throws {Problem} as {@link Pacer.admit}
 */
export function acquirePermit(
  { exchange, request, plan }: ForwardRequest,
  { pacer, clock }: Pick<AcquireOptions, 'pacer' | 'clock'>,
  returned = false,
): Promise<Permit> | Permit | undefined {
  if (!plan.paced) return pacer.pass(plan.endpoint)
  const { client, over, spent } = exchange
  const asking = { client: client ?? request.socket, returned, waited: spent.queue, signal: over }
  const permit = pacer.admit(plan.endpoint, asking)
  return permit instanceof Promise ? timed(clock, exchange, 'queue', permit) : permit
}

/**
 * Acquires a lease of the tenant's session: at once if there is one, or after a wait that is added to the exchange.
 * @throws {Problem} as {@link Sessions.acquire}
 */
export function acquireLease(
  { exchange, plan }: ForwardRequest,
  { clock, sessions }: Pick<AcquireOptions, 'clock' | 'sessions'>,
): Lease | Promise<Lease> {
  return sessions.use(plan.tenant) ?? timed(clock, exchange, 'session', sessions.acquire(plan.tenant, exchange.over))
}
