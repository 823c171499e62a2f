import { firstValue, type HeaderValue } from './headers.ts'

/** The longest wait, in seconds, that an upstream may ask for: a wrong date must not stop a job for days. */
export const MAX_RETRY_AFTER = 3600

const DAY_NAME = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/

/**
 * Parses a `Retry-After` header (RFC 9110, 10.2.3): the whole seconds to wait from `now` (wall time, milliseconds since
 * the epoch), from 0 to {@link MAX_RETRY_AFTER}. `undefined` if it is missing, or neither a number of seconds nor a
 * date.
 */
export function parseRetryAfter(value: HeaderValue, now: number): number | undefined {
  const text = firstValue(value)?.trim() ?? ''
  if (/^\d+$/.test(text)) return bounded(Number(text))
  const date = DAY_NAME.test(text) ? parseHttpDate(text) : Number.NaN
  return Number.isNaN(date) ? undefined : bounded((date - now) / 1000)
}

// The asctime form carries no zone and means GMT (RFC 9110, 5.6.7); Date.parse would take it for local time.
function parseHttpDate(text: string): number {
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
}

function bounded(seconds: number): number {
  return Math.min(MAX_RETRY_AFTER, Math.max(0, Math.ceil(seconds)))
}
