import { errorCodes } from '../kernel/error-codes.ts'
import { Problem } from '../problem/problem.ts'
import { type AttemptFailure, isRetryable, type Repeating } from '../retry/retry-policy.ts'
import { explainNetworkError } from '../upstream/network-error.ts'
import type { UpstreamBase } from './headers/location.ts'

/** How a pooled connection fails that the upstream closed just as the request was written to it. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET'])

/** An attempt that brought no usable response, as the retry policy and the client are told of it. */
export interface FailedAttempt {
  readonly failure: AttemptFailure
  readonly problem: Problem
}

/** Explains the error of an attempt at `base`. `wasPooled` says that it went to a pooled connection, and nothing came back. */
export function explainFailure(
  error: unknown,
  { base, repeating, wasPooled }: { base: UpstreamBase; repeating: Repeating; wasPooled: boolean },
): FailedAttempt {
  const { nature, maybeSent, detail } = explainNetworkError(error, new URL(base.origin).host)
  const failure = failureOf(error, maybeSent, wasPooled)
  const retryable = isRetryable(failure, repeating)
  return { failure, problem: new Problem(`upstream-${nature}`, detail, { cause: error, retryable }) }
}

function failureOf(error: unknown, maybeSent: boolean, wasPooled: boolean): AttemptFailure {
  if (!maybeSent) return 'not-sent'
  return wasPooled && errorCodes(error).some(code => BROKEN.has(code)) ? 'stale-connection' : 'no-response'
}
