import type { Clock } from '../kernel/clock.ts'
import { Alarm } from '../pacing/alarm.ts'
import type { EndpointStatus, Pacer } from '../pacing/pacer.ts'

/** How often the levels are read, in milliseconds. */
const INTERVAL = 5_000

/** How many readings are kept: ten minutes. */
const READINGS = 120

/** How many endpoints are followed: those used most recently. */
const MOST_ENDPOINTS = 100

/** The levels of rate limits in the last ten minutes, read every five seconds. */
export interface LevelHistory {
  /** When the levels were read, in milliseconds since the epoch, the oldest first. */
  readonly times: readonly number[]
  /** The endpoints that were used most recently, at most 100, the latest first. */
  readonly endpoints: readonly EndpointLevels[]
}

/** The levels of an endpoint: one for each of the times in {@link LevelHistory}. */
export interface EndpointLevels {
  readonly tenant: string
  /** The method and the path template. */
  readonly endpoint: string
  /** How many requests could have been sent at once; null where no limit was known. */
  readonly remaining: readonly (number | null)[]
  /** How many requests waited; null before the endpoint was known. */
  readonly waiting: readonly (number | null)[]
}

/**
 * Reads every five seconds how much of each rate limit is left and how many requests wait, for charts. What it keeps
 * takes 300 kB at most. It owns a timer until {@link Levels.close}.
 */
export class Levels {
  readonly #clock: Clock
  readonly #pacer: Pick<Pacer, 'endpoints'>
  readonly #alarm: Alarm
  #history: LevelHistory = { times: [], endpoints: [] }

  constructor(clock: Clock, pacer: Pick<Pacer, 'endpoints'>) {
    this.#clock = clock
    this.#pacer = pacer
    this.#alarm = new Alarm(clock, () => this.#read())
    this.#alarm.set(INTERVAL)
  }

  /** What was read in the last ten minutes. */
  get history(): LevelHistory {
    return this.#history
  }

  /** Stops reading the levels. */
  close(): void {
    this.#alarm.clear()
  }

  #read(): void {
    this.#history = continued(this.#history, this.#clock.now(), [...this.#pacer.endpoints(MOST_ENDPOINTS)])
    this.#alarm.set(INTERVAL)
  }
}

/** A history with one more reading. Endpoints that are not in it are forgotten. */
function continued({ times, endpoints }: LevelHistory, now: number, reading: readonly EndpointStatus[]): LevelHistory {
  const keyOf = ({ tenant, endpoint }: Pick<EndpointStatus, 'tenant' | 'endpoint'>) => `${tenant} ${endpoint}`
  const known = new Map(endpoints.map(levels => [keyOf(levels), levels]))
  const unknown = { remaining: times.map(() => null), waiting: times.map(() => null) }
  return {
    times: withLatest(times, now),
    endpoints: reading.map(status => {
      const { tenant, endpoint, limit, waiting } = status
      const before = known.get(keyOf(status)) ?? unknown
      return {
        tenant,
        endpoint,
        remaining: withLatest(before.remaining, limit?.remaining ?? null),
        waiting: withLatest(before.waiting, waiting),
      }
    }),
  }
}

function withLatest<T>(values: readonly T[], latest: T): T[] {
  return [...values, latest].slice(-READINGS)
}
