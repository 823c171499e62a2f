import { parseRetryAfter } from '../http/retry-after.ts'
import { fullJitter } from '../kernel/backoff.ts'
import { type Limit, readLimit } from './limit.ts'

/** The bounds of the pause after a refusal that says nothing of when to come back, in milliseconds. */
const BACKOFF = { base: 1_000, cap: 30_000 }

/** An answer as far as it tells of its endpoint. */
export interface Answer {
  readonly status: number
  /** The first value of a header, by its lower-case name. */
  header(name: string): string | undefined
  /** How often the request was refused before. */
  readonly attempt: number
}

/** What an answer says of its endpoint. */
export interface Outcome {
  /** Whether the request was served, however that went, or refused for now: over its limit, or as everybody is. */
  readonly kind: 'served' | 'limited' | 'unavailable'
  /** The limit, where it is told. */
  readonly limit: Limit | undefined
  /** The milliseconds for which the endpoint is to be left alone. */
  readonly pause: number
}

export interface PauseOptions {
  /** Wall time, in milliseconds since the epoch. */
  readonly now: number
  /** For how long a service that is unavailable is left alone at most: it may be back before it said. */
  readonly maxPause: number
  readonly random: () => number
}

/** Reads an answer: 429 (RFC 6585, 4) and 503 (RFC 9110, 15.6.4) refuse a request for now. */
export function readOutcome({ status, header, attempt }: Answer, { now, maxPause, random }: PauseOptions): Outcome {
  const limit = readLimit(header)
  if (status !== 429 && status !== 503) return { kind: 'served', limit, pause: 0 }
  const told = parseRetryAfter(header('retry-after'), now)
  const backoff = fullJitter(attempt, BACKOFF, random)
  const pause = told === undefined ? backoff : told * 1000
  if (status === 503) return { kind: 'unavailable', limit, pause: Math.min(maxPause, pause) }
  // a limit says itself when there is a token again
  return { kind: 'limited', limit, pause: told === undefined && limit ? 0 : pause }
}
