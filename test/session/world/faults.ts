import type { Random } from '../../support/random.ts'
import { DAY, HOUR, MINUTE, SECOND } from './time.ts'

/**
 * The faults of a simulated world:
 *
 * - `outage`: no request reaches the API.
 * - `throttled`: the auth service answers 429 or 503, with a Retry-After.
 * - `hanging`: the auth service does not answer.
 * - `unextendable`: the auth service refuses to extend tokens.
 * - `disabled`: the access key is disabled, then enabled again.
 * - `revoked`: all tokens issued so far are revoked.
 * - `forbidden`: some operations answer 401 to a valid token, always or sometimes.
 * - `brief`: tokens expire after seconds, or a minute or two.
 * - `asleep`: the machine sleeps.
 * - `clock-set`: somebody sets the wall clock.
 */
export const FAULT_KINDS = [
  'outage',
  'throttled',
  'hanging',
  'unextendable',
  'disabled',
  'revoked',
  'forbidden',
  'brief',
  'asleep',
  'clock-set',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** A fault from one time to another. Times are true times. */
export interface Episode {
  readonly kind: FaultKind
  readonly from: number
  /** When it ends; equal to `from` for a fault without duration. */
  readonly until: number
  /** The fraction of calls, or operations, that it hits. `forbidden`: the last of them only sometimes. */
  readonly share: number
  /** `forbidden`, `revoked`: whether a 401 names the token. `disabled`: whether tokens cannot be extended either. */
  readonly named: boolean
  /**
   * Milliseconds. `throttled`: the longest Retry-After. `brief`: the lifetime of tokens. `asleep`: how long.
   * `clock-set`: how far forward. Otherwise 0.
   */
  readonly amount: number
}

interface Range {
  readonly lasts?: readonly [number, number]
  readonly amount?: readonly [number, number]
}

const RANGES: Readonly<Record<FaultKind, Range>> = {
  outage: { lasts: [5 * SECOND, 3 * HOUR] },
  throttled: { lasts: [5 * SECOND, HOUR], amount: [SECOND, 30 * MINUTE] },
  hanging: { lasts: [10 * SECOND, HOUR] },
  unextendable: { lasts: [MINUTE, 12 * HOUR] },
  disabled: { lasts: [MINUTE, 3 * HOUR] },
  revoked: {},
  forbidden: { lasts: [10 * SECOND, 6 * HOUR] },
  brief: { lasts: [MINUTE, 15 * MINUTE], amount: [2 * SECOND, 2 * MINUTE] },
  asleep: { amount: [5 * SECOND, 8 * HOUR] },
  'clock-set': { amount: [SECOND, HOUR] },
}

/** Revocations and forbidden operations are drawn twice as often, because they are the hardest for a session. */
const DRAWN = [...FAULT_KINDS, 'revoked', 'forbidden'] as const

/** The fraction of runs without any fault. */
const FAULTLESS = 0.1

/** How often a fault happens near the one before it. */
const IN_COMPANY = 0.5

/** How often a run ends during a fault. */
const AT_THE_END = 0.5

/** All faults of a run of `length` milliseconds. */
export function planFaults(random: Random, length: number): Episode[] {
  if (random.chance(FAULTLESS)) return []
  const episodes: Episode[] = []
  const count = Math.round(random.spread(3, 60))
  for (let n = 0; n < count; n++) {
    const last = episodes.at(-1)
    const from = last && random.chance(IN_COMPANY) ? timeNear(random, last) : workingTime(random, length)
    episodes.push(...drawFault(random, from))
  }
  if (random.chance(AT_THE_END)) episodes.push(...drawFault(random, length - random.spread(SECOND, 20 * MINUTE)))
  return episodes
}

function timeNear(random: Random, { from, until }: Episode): number {
  return random.between(from, until + 2 * MINUTE)
}

/** A time in the working hours of any day, when there are requests. */
function workingTime(random: Random, length: number): number {
  return Math.floor(random.between(0, length / DAY)) * DAY + random.between(8, 18) * HOUR
}

/** A random fault that begins at `from`, a true time, and those that follow from it. */
export function drawFault(random: Random, from: number): Episode[] {
  const kind = random.pick(DRAWN)
  const { lasts, amount } = RANGES[kind]
  const episode: Episode = {
    kind,
    from,
    until: lasts ? from + random.spread(...lasts) : from,
    share: random.chance(0.5) ? 1 : random.between(0.1, 1),
    named: random.chance(0.5),
    amount: amount ? random.spread(...amount) : 0,
  }
  return kind === 'clock-set' ? setAndSetBack(random, episode) : [episode]
}

/** A clock that is set wrong, and set right again some time later. */
function setAndSetBack(random: Random, { from, amount, ...rest }: Episode): Episode[] {
  const [forward, later] = [random.chance(0.5) ? amount : -amount, from + random.spread(SECOND, DAY)]
  return [
    { ...rest, from, until: from, amount: forward },
    { ...rest, from: later, until: later, amount: -forward },
  ]
}
