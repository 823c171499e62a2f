import { bad, good, type Step } from './finding.ts'
import type { ClockReadings } from './reach.ts'

const LABEL = 'clock'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How far two clocks may be apart, in milliseconds: more than a `Date` header's rounding and a slow answer explain. */
const TOLERANCE = MINUTE

const UNITS = [
  [DAY, 'days'],
  [HOUR, 'hours'],
  [MINUTE, 'minutes'],
] as const

const CURE =
  'set it by a time server (Linux: timedatectl set-ntp true; macOS: sntp -sS time.apple.com; Windows: w32tm /resync)'

/** Judges this machine's clock by the API host's. */
export function judgeClock({ here, there }: ClockReadings, host: string): Step<true> {
  const ahead = here - there
  if (Number.isNaN(ahead)) {
    return { finding: { label: LABEL, mark: 'skipped', text: `${host} does not tell its time` }, value: true }
  }
  if (Math.abs(ahead) <= TOLERANCE) return good(LABEL, `agrees with that of ${host}`, true)
  const direction = ahead > 0 ? 'ahead of' : 'behind'
  return bad(LABEL, `this machine's clock is ${span(Math.abs(ahead))} ${direction} that of ${host}: ${CURE}`)
}

/** In the largest unit of which there are at least two, else in seconds. */
function span(ms: number): string {
  const [unit, name] = UNITS.find(([each]) => ms >= 2 * each) ?? [SECOND, 'seconds']
  return `${Math.round(ms / unit)} ${name}`
}
