import { lingerAfter } from '../http/lingering-close.ts'
import type { Clock } from '../kernel/clock.ts'
import { exchangeHeaders } from '../request/exchange.ts'
import type { ForwardRequest } from './forward-request.ts'
import { clientHeaders } from './headers.ts'
import type { UpstreamBase } from './location.ts'
import { breakOff, type ResponseHead } from './response-body.ts'
import { type ErrorResponse, isReadable } from './upstream-error.ts'

/** Sends the client the head of an answer, with what every answer carries. */
export function writeHead(
  { response, exchange, takeOver }: ForwardRequest,
  { status, headers }: ResponseHead,
  clock: Clock,
): void {
  lingerAfter(response, clock)
  response.writeHead(status, headers.concat(exchangeHeaders(exchange)))
  takeOver()
}

/** The same of the upstream's answer. */
export function sendHead(
  journey: ForwardRequest,
  home: UpstreamBase,
  { status, headers }: ResponseHead,
  clock: Clock,
): void {
  writeHead(journey, { status, headers: clientHeaders(headers, home) }, clock)
}

/** Gives an error to be told, or passes it on as it came where that is asked for and it is sure to hold no secret. */
export function respondWithError(
  journey: ForwardRequest,
  refusal: ErrorResponse,
  clock: Clock,
): ErrorResponse | undefined {
  if (!journey.passthrough || !isReadable(refusal.answer)) return refusal
  const { response, exchange } = journey
  const { headers, body, complete } = refusal.answer
  exchange.bytes = body.length
  sendHead(journey, refusal.home, refusal.answer, clock)
  response.write(body)
  if (complete) response.end()
  else breakOff(response, headers)
  return undefined
}
