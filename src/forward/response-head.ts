import { lingerAfter } from '../http/lingering-close.ts'
import { headerOf, type RawHeaders } from '../http/raw-headers.ts'
import type { Clock } from '../kernel/clock.ts'
import { exchangeHeaders } from '../request/exchange.ts'
import type { ClientRequest } from './forward-request.ts'
import { clientHeaders } from './headers/headers.ts'
import type { UpstreamBase } from './headers/location.ts'

/** The head of a response. */
export interface ResponseHead {
  readonly status: number
  readonly headers: RawHeaders
}

/**
 * Sends the client the head of a response, with the headers that every response carries, such as request id and timing.
 */
export function writeHead(
  { response, exchange, takeOver }: ClientRequest,
  { status, headers }: ResponseHead,
  clock: Clock,
): void {
  lingerAfter(response, clock)
  const own = exchangeHeaders(exchange, name => headerOf(headers, name) !== undefined)
  const all = headers.concat(own)
  response.writeHead(status, all)
  exchange.head = { headers: all, at: clock.monotonic() }
  takeOver()
}

/**
 * Sends the client the head of the upstream's response, without headers that are not meant for clients, and with
 * locations that lead back to this proxy.
 */
export function sendHead(
  client: ClientRequest,
  base: UpstreamBase,
  { status, headers }: ResponseHead,
  clock: Clock,
): void {
  writeHead(client, { status, headers: clientHeaders(headers, base) }, clock)
}
