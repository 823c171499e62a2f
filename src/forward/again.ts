import { errorCodes } from '../kernel/network-error.ts'
import { isIdempotent } from '../problem/retryable.ts'
import type { Lease } from '../session/lease.ts'
import { headerOf, type RawHeaders } from './headers.ts'
import type { Journey } from './journey.ts'
import { meaningOf401 } from './unauthorized.ts'

/** How a kept connection fails that the upstream closed just as we wrote. */
const BROKEN_CONNECTION = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Whether all of the request is still there to be sent once more. */
export function canResend({ body }: Journey): boolean {
  return body === undefined || body.replayable
}

/** Takes a token out of use that the upstream answered with 401, and says whether a newer one may do better. */
export function mayRenew({ session }: Journey, lease: Lease, headers: RawHeaders): boolean {
  const meaning = meaningOf401(headerOf(headers, 'x-redlock-status'))
  return meaning !== 'permission' && session.invalidate(lease, meaning === 'unknown')
}

/**
 * Whether a request may be sent again after an error: its connection broke, nothing of an answer has gone out, all of it
 * is still there, and doing it twice does no more than once (RFC 9110, 9.2.2).
 */
export function mayRetry(error: unknown, journey: Journey): boolean {
  const { exchange, response } = journey
  const broken = errorCodes(error).some(code => BROKEN_CONNECTION.has(code))
  return (
    broken && isIdempotent(exchange.method) && canResend(journey) && !response.headersSent && !exchange.over.aborted
  )
}
