import type { Clock } from '../kernel/clock.ts'
import type { Permit } from '../pacing/gate.ts'
import type { Pacer } from '../pacing/pacer.ts'
import { timed } from '../request/exchange.ts'
import type { Lease } from '../session/lease.ts'
import type { Sessions } from '../session/sessions.ts'
import type { ForwardRequest } from './forward-request.ts'

/** Who grants a request what it needs before it is sent. */
export interface AcquireOptions {
  readonly clock: Clock
  readonly pacer: Pacer
  readonly sessions: Sessions
}

/**
 * A permit of the request's rate limit: at once where it has one to give, nothing where there is no limit; else the wait for
 * it is noted in the exchange. A request that `returned` after it was refused is let in ahead of others.
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
 * A lease of the tenant's session: at once where there is one, else the wait for it is noted in the exchange.
 * @throws {Problem} as {@link Sessions.acquire}
 */
export function acquireLease(
  { exchange, plan }: ForwardRequest,
  { clock, sessions }: Pick<AcquireOptions, 'clock' | 'sessions'>,
): Lease | Promise<Lease> {
  return sessions.use(plan.tenant) ?? timed(clock, exchange, 'session', sessions.acquire(plan.tenant, exchange.over))
}
