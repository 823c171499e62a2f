import type { Clock } from '../kernel/clock.ts'
import { lingerAfter } from '../kernel/linger.ts'
import type { RawHeaders } from '../upstream/raw-headers.ts'
import { exchangeHeaders } from './exchange.ts'
import { clientHeaders } from './headers.ts'
import type { Journey } from './journey.ts'
import type { Home } from './location.ts'
import type { Refusal } from './refusal.ts'
import { breakOff } from './sinks.ts'

/** Of an answer. */
export interface Head {
  readonly status: number
  readonly headers: RawHeaders
}

/** Sends the client the head of an answer, with what every answer carries. */
export function writeHead({ response, exchange, takeOver }: Journey, { status, headers }: Head, clock: Clock): void {
  lingerAfter(response, clock)
  response.writeHead(status, headers.concat(exchangeHeaders(exchange)))
  takeOver()
}

/** The same of the upstream's answer. */
export function sendHead(journey: Journey, home: Home, { status, headers }: Head, clock: Clock): void {
  writeHead(journey, { status, headers: clientHeaders(headers, home) }, clock)
}

/** Gives an error to be told, or passes it on as it came where that is asked for. */
export function tell(journey: Journey, refusal: Refusal, clock: Clock): Refusal | undefined {
  if (!journey.passthrough) return refusal
  const { headers, body, complete } = refusal.answer
  sendHead(journey, refusal.home, refusal.answer, clock)
  journey.response.write(body)
  if (complete) journey.response.end()
  else breakOff(journey.response, headers)
  return undefined
}
