import type { Retry, Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'

/** How often a request is sent again with a renewed session. */
const MAX_RENEWALS = 2

/** An answer of the vendor's API, if one came. */
export interface Answer {
  readonly status: 200 | 401 | 'none'
  /** Whether a 401 names the token as its reason. */
  readonly named: boolean
}

/** What somebody does who sends a request for an operation. */
export interface Errand<Refusal extends string> {
  readonly operation: string
  acquire(): Promise<Lease | Refusal>
  send(lease: Lease): Promise<Answer>
  invalidate(lease: Lease, refusal: Unauthorized): Retry | undefined
}

/**
 * Sends a request as the forwarder does, again with a renewed session where it was answered 401, and gives the status of
 * the last answer, or why there was no session.
 */
export async function forward<Refusal extends string>(errand: Errand<Refusal>): Promise<Refusal | Answer['status']> {
  const { operation } = errand
  let lease = await errand.acquire()
  let retry: Retry | undefined
  for (let renewals = 0; typeof lease !== 'string'; renewals++) {
    const { status, named } = await errand.send(lease)
    if (status === 200) lease.served(operation)
    if (status !== 'none') retry?.answered(status === 200 ? 'good' : named ? 'bad' : 'none')
    if (status !== 401 || renewals === MAX_RENEWALS) return status
    const next = errand.invalidate(lease, { operation, named, again: renewals > 0 })
    if (!next) return status
    const renewed: Lease | Refusal = await errand.acquire()
    retry = renewed === lease ? undefined : next
    lease = renewed
  }
  return lease
}
