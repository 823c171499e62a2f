import { errorCodes } from '../kernel/network-error.ts'
import { isIdempotent } from '../problem/retryable.ts'
import type { Journey } from './journey.ts'

/** How a kept connection fails that the upstream closed just as we wrote. */
const BROKEN_CONNECTION = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET'])

/** Whether all of the request is still there to be sent once more. */
export function canResend({ body }: Journey): boolean {
  return body === undefined || body.replayable
}

/**
 * Whether a request of which nothing was answered may be sent again after an error: its connection broke, all of it is
 * still there, and doing it twice does no more than once (RFC 9110, 9.2.2).
 */
export function mayRetry(error: unknown, journey: Journey): boolean {
  const { exchange } = journey
  const broken = errorCodes(error).some(code => BROKEN_CONNECTION.has(code))
  return broken && isIdempotent(exchange.method) && canResend(journey) && !exchange.over.aborted
}

/**
 * Whether a request may be sent again that is refused for now, and was so `before` often: 429 comes before anything is done
 * (RFC 6585, 4), 503 also from a gateway that may have passed it on.
 */
export function mayComeAgain(status: number, journey: Journey, before: number): boolean {
  const { exchange, retries } = journey
  return before < retries && (status === 429 || (status === 503 && isIdempotent(exchange.method))) && canResend(journey)
}
