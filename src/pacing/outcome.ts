import { parseRetryAfter } from '../http/retry-after.ts'
import { fullJitter } from '../kernel/backoff.ts'
import { type Limit, readLimit } from './limit.ts'

/** The backoff after a refusal without Retry-After, in milliseconds. */
const BACKOFF = { base: 1_000, cap: 30_000 }

/** After so many refusals although the limit is known, a request waits for a whole {@link STEP}. Fewer are bad luck. */
const TOO_MANY = 2

/** The time in which a gateway that counts whole seconds adds tokens, in milliseconds. */
const STEP = 1_000

/** The parts of a response that say something about the endpoint. */
export interface Answer {
  readonly status: number
  /** Returns the first value of a header. `name` is in lower case. */
  header(name: string): string | undefined
  /** How often the upstream refused the request before. */
  readonly attempt: number
}

/** What a response says about the endpoint. */
export interface Outcome {
  /** `limited`: 429, over the limit. `unavailable`: 503, which concerns all requests. `served`: any other status. */
  readonly kind: 'served' | 'limited' | 'unavailable'
  /** The limit, if the response states it. */
  readonly limit: Limit | undefined
  /** Whether it is known now if the endpoint has a limit. */
  readonly isConclusive: boolean
  /** How long to send nothing to the endpoint, in milliseconds. */
  readonly pause: number
}

/** What {@link readOutcome} needs to compute a pause. */
export interface PauseOptions {
  /** Wall time, in milliseconds since the epoch. */
  readonly now: number
  /** The longest pause unless a 429 asks for more, in milliseconds: the service may be back before a Retry-After. */
  readonly maxPause: number
  /** Returns a number in [0, 1) for jitter. */
  readonly random: () => number
}

/** Statuses from here on may come from a server in front of the one that limits requests, and say nothing about limits. */
const FIRST_ERROR = 400

/** Reads a response. 429 (RFC 6585, 4) and 503 (RFC 9110, 15.6.4) mean that the request was refused for now. */
export function readOutcome({ status, header, attempt }: Answer, { now, maxPause, random }: PauseOptions): Outcome {
  const limit = readLimit(header)
  const isConclusive = status !== 503 && (limit !== undefined || status === 429 || status < FIRST_ERROR)
  if (status !== 429 && status !== 503) return { kind: 'served', limit, isConclusive, pause: 0 }
  const retryAfter = parseRetryAfter(header('retry-after'), now)
  const backoff = fullJitter(attempt, BACKOFF, random)
  // if the limit is known, the bucket knows when the next token is available, unless tokens come in steps
  const known = attempt < TOO_MANY ? 0 : Math.min(maxPause, STEP)
  const pause = retryAfter === undefined ? backoff : retryAfter * 1000
  if (status === 503) return { kind: 'unavailable', limit, isConclusive, pause: Math.min(maxPause, pause) }
  return { kind: 'limited', limit, isConclusive, pause: retryAfter === undefined && limit ? known : pause }
}
