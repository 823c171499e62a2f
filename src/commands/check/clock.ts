import { bad, good, type Step } from './finding.ts'
import type { ClockReadings } from './reach.ts'

const LABEL = 'clock'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The accepted difference between two clocks, in milliseconds. It allows for the rounding of the `Date` header and for
 * the time that the response takes.
 */
const TOLERANCE = MINUTE

const UNITS = [
  [DAY, 'days'],
  [HOUR, 'hours'],
  [MINUTE, 'minutes'],
] as const

const CURE = 'synchronize it (Linux: timedatectl set-ntp true; macOS: sntp -sS time.apple.com; Windows: w32tm /resync)'

/** Compares this machine's clock with that of the API host. */
export function judgeClock({ local, remote }: ClockReadings, host: string): Step<true> {
  const ahead = local - remote
  if (Number.isNaN(ahead)) {
    return { finding: { label: LABEL, mark: 'skipped', text: `${host} sends no Date header` }, value: true }
  }
  if (Math.abs(ahead) <= TOLERANCE) return good(LABEL, `in sync with ${host}`, true)
  const direction = ahead > 0 ? 'ahead of' : 'behind'
  return bad(LABEL, `this machine's clock is ${span(Math.abs(ahead))} ${direction} ${host}; ${CURE}`)
}

/** Formats a duration in the largest unit that yields at least two, or else in seconds. */
function span(ms: number): string {
  const [unit, name] = UNITS.find(([each]) => ms >= 2 * each) ?? [SECOND, 'seconds']
  return `${Math.round(ms / unit)} ${name}`
}
