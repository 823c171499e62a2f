import type { Random } from '../../support/random.ts'
import { DAY, HOUR, MINUTE, SECOND } from './time.ts'

/**
 * What may go wrong in a world:
 *
 * - `outage`: nothing reaches the vendor.
 * - `throttled`: the auth service answers 429 or 503 and asks to be left alone for a time.
 * - `hanging`: the auth service does not answer.
 * - `unextendable`: the auth service extends no token.
 * - `disabled`: the access key is disabled, then enabled again.
 * - `revoked`: all tokens that were issued so far are dead.
 * - `forbidden`: API operations answer 401 although the token is good, some always, some at times.
 * - `brief`: tokens live for seconds, or a minute or two.
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

/** A fault for a time. Times are true times. */
export interface Episode {
  readonly kind: FaultKind
  readonly from: number
  /** Its end; the same as its beginning where it happens in an instant. */
  readonly until: number
  /** The part of the calls, or operations, that it hits. `forbidden`: the last of them it hits at times. */
  readonly share: number
  /** `forbidden`, `revoked`: whether a 401 names the token. `disabled`: whether tokens cannot be extended either. */
  readonly named: boolean
  /**
   * Milliseconds. `throttled`: the longest time that is asked for. `brief`: a token's life. `asleep`: for how long.
   * `clock-set`: how far forward. Else 0.
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

/** Revocations and forbidden endpoints are what a session has most to decide about. */
const DRAWN = [...FAULT_KINDS, 'revoked', 'forbidden'] as const

/** How many lives know no fault at all. */
const FAULTLESS = 0.1

/** How often a fault comes with the one before it. */
const IN_COMPANY = 0.5

/** How often the end of a life comes while something is wrong. */
const AT_THE_END = 0.5

/** All that goes wrong in a life of `length` milliseconds. */
export function planFaults(random: Random, length: number): Episode[] {
  if (random.chance(FAULTLESS)) return []
  const episodes: Episode[] = []
  const count = Math.round(random.spread(3, 60))
  for (let n = 0; n < count; n++) {
    const last = episodes.at(-1)
    const from = last && random.chance(IN_COMPANY) ? momentNear(random, last) : momentAtWork(random, length)
    episodes.push(...drawFault(random, from))
  }
  if (random.chance(AT_THE_END)) episodes.push(...drawFault(random, length - random.spread(SECOND, 20 * MINUTE)))
  return episodes
}

function momentNear(random: Random, { from, until }: Episode): number {
  return random.between(from, until + 2 * MINUTE)
}

/** When most is to be learnt: in the working hours, of any day. */
function momentAtWork(random: Random, length: number): number {
  return Math.floor(random.between(0, length / DAY)) * DAY + random.between(8, 18) * HOUR
}

/** A fault that begins at a true time, and what comes of it. */
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

/** A clock that was set wrong is set right again some time later. */
function setAndSetBack(random: Random, { from, amount, ...rest }: Episode): Episode[] {
  const [forward, later] = [random.chance(0.5) ? amount : -amount, from + random.spread(SECOND, DAY)]
  return [
    { ...rest, from, until: from, amount: forward },
    { ...rest, from: later, until: later, amount: -forward },
  ]
}
