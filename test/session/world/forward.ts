import type { Retry, Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'

/** How often a request is retried with a renewed session. */
const MAX_RENEWALS = 2

/** A response of the API, or none. */
export interface Answer {
  readonly status: 200 | 401 | 'none'
  /** Whether a 401 names the token as the reason. */
  readonly named: boolean
}

/** The steps of a request for an operation. */
export interface Errand<Refusal extends string> {
  readonly operation: string
  acquire(): Promise<Lease | Refusal>
  send(lease: Lease): Promise<Answer>
  invalidate(lease: Lease, refusal: Unauthorized): Retry | undefined
}

/**
 * Sends a request as the forwarder does, with retries after a 401. Resolves with the status of the last response, or
 * with the reason why there was no session.
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
