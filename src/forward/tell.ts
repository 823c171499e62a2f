import type { Clock } from '../kernel/clock.ts'
import { lingerAfter } from '../kernel/linger.ts'
import { exchangeHeaders } from './exchange.ts'
import { clientHeaders, type RawHeaders } from './headers.ts'
import type { Journey } from './journey.ts'
import type { Home } from './location.ts'
import type { Refusal } from './refusal.ts'

/** Sends the client the head of the upstream's answer. */
export function sendHead(
  { response, exchange, takeOver }: Journey,
  home: Home,
  { status, headers }: { readonly status: number; readonly headers: RawHeaders },
  clock: Clock,
): void {
  const head = clientHeaders(headers, home)
  head.push(...exchangeHeaders(exchange))
  lingerAfter(response, clock)
  response.writeHead(status, head)
  takeOver()
}

/** Gives an error to be told, or passes it on as it came where that is asked for. */
export function tell(journey: Journey, refusal: Refusal, clock: Clock): Refusal | undefined {
  if (!journey.passthrough) return refusal
  const { body, complete } = refusal.answer
  sendHead(journey, refusal.home, refusal.answer, clock)
  journey.response.write(body)
  if (complete) journey.response.end()
  else journey.response.destroy()
  return undefined
}
