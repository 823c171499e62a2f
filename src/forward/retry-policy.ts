import { isIdempotent } from '../http/methods.ts'
import { errorCodes } from '../kernel/error-codes.ts'
import { isRetryable } from '../problem/retryable.ts'
import { isWrite } from './cache-policy.ts'
import type { ForwardRequest } from './forward-request.ts'
import type { ErrorResponse } from './upstream-error.ts'

/** How a kept connection fails that the upstream closed just as we wrote. */
const BROKEN_CONNECTION = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET'])

/** Answers that refuse a request for now (RFC 6585, 4; RFC 9110, 15.6.4). */
const FOR_NOW = new Set([429, 503])

/** Whether doing a request twice does no more than doing it once: its method says so, or all that it does is to read. */
export function isRepeatable(journey: ForwardRequest): boolean {
  return isIdempotent(journey.exchange.method) || !isWrite(journey)
}

/** Whether all of the request is still there to be sent once more. */
export function canResend({ body }: ForwardRequest): boolean {
  return body === undefined || body.replayable
}

/**
 * Whether a request of which nothing was answered may be sent again after an error: its connection broke, all of it is
 * still there, and it may be done twice.
 */
export function mayRetry(error: unknown, journey: ForwardRequest): boolean {
  const { exchange } = journey
  const broken = errorCodes(error).some(code => BROKEN_CONNECTION.has(code))
  return broken && isRepeatable(journey) && canResend(journey) && !exchange.over.aborted
}

/** Whether a request may be sent again that is refused for now, and was so `before` often. */
export function mayComeAgain({ answer, repeatable }: ErrorResponse, journey: ForwardRequest, before: number): boolean {
  const { status } = answer
  return before < journey.retries && FOR_NOW.has(status) && isRetryable(status, repeatable) && canResend(journey)
}
