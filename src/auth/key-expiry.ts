import { DAY } from '../kernel/instant.ts'

/**
 * When an access key expires, in milliseconds since the epoch. `never` if it does not, `forbidden` if its role may not
 * read the date, `unknown` if the API has not said.
 */
export type KeyExpiry = number | 'never' | 'forbidden' | 'unknown'

/** How many days before an access key expires it is time to replace it. */
const DAYS_OF_WARNING = 14

const CURE =
  'create another one in the console (Settings > Access Keys) and put it where the tenant reads it; from a file or command, it is taken over without a restart'

/** What people should know about an access key that expires. */
export interface ExpiryNotice {
  /** `warn` from 14 days before, `error` once it has expired. */
  readonly level: 'info' | 'warn' | 'error'
  /** The rest of a sentence about the key: `expires on 2026-12-24, in 13 days; `, and what to do if it is time. */
  readonly text: string
}

/** Describes an access key that expires at `expiresAt`. Both times are in milliseconds since the epoch. */
export function expiryNotice(expiresAt: number, now: number): ExpiryNotice {
  const date = new Date(expiresAt).toISOString().replace(/T.*/, '')
  const days = (expiresAt - now) / DAY
  if (days <= 0) return { level: 'error', text: `expired on ${date}; ${CURE}` }
  const text = `expires on ${date}, in ${wholeDays(days)}`
  return days < DAYS_OF_WARNING ? { level: 'warn', text: `${text}; ${CURE}` } : { level: 'info', text }
}

function wholeDays(days: number): string {
  if (days < 1) return 'less than a day'
  return days < 2 ? '1 day' : `${Math.floor(days)} days`
}
