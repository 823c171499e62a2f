import type { RawHeaders } from '../http/raw-headers.ts'
import { MASK } from '../kernel/mask.ts'

/** Names of headers whose values let whoever reads them act for somebody. A challenge (`WWW-Authenticate`) is none. */
const CREDENTIALS = /auth(?!enticate)|token|secret|passw|cookie|api-?key|credential/i

/** How many names are remembered: those that clients and the API use are few, but anybody may invent others. */
const MOST_NAMES = 1_000

/** What was found out about names before: matching each header of each request costs 5 % of a request. */
const judged = new Map<string, boolean>()

/** The headers with the values of credentials and cookies masked. */
export function maskedHeaders(headers: RawHeaders): string[] {
  const masked = headers.slice()
  for (let at = 0; at < masked.length; at += 2) if (isCredential(`${masked[at]}`)) masked[at + 1] = MASK
  return masked
}

function isCredential(name: string): boolean {
  const known = judged.get(name)
  if (known !== undefined) return known
  const is = CREDENTIALS.test(name)
  if (judged.size >= MOST_NAMES) judged.clear()
  judged.set(name, is)
  return is
}
