import type { LevelHistory, Levels } from '../inspect/levels.ts'
import type { Traffic, TrafficSlot } from '../inspect/traffic.ts'
import {
  type FleetStatus,
  fleetStatus,
  type PacingStatus,
  pacingStatus,
  type Status,
  type StatusSources,
  sessionsStatus,
} from './status.ts'

/** How many endpoints the event `limits` lists: with thousands of tenants, all of them would be megabytes a second. */
const MOST_ENDPOINTS = 100

/** What counts down by itself. Readers can do that, too, so it is no news. */
const COUNTS_DOWN = /"secondsLeft":\d+,/g

/** The events in which `/_proxy/events` tells admins of the proxy itself, with the types of their data. */
export interface StatusEvents {
  readonly sessions: Pick<Status, 'ready' | 'waitingFor' | 'tenants'>
  /** The endpoints that were used most recently, at most 100. */
  readonly limits: PacingStatus
  /** Never sent without a fleet. */
  readonly fleet: FleetStatus
  readonly traffic: TrafficStatus
  /** Sent only at the beginning: from then on, `limits` tells how the levels change. */
  readonly levels: LevelHistory
}

/** The forwarded requests of the last hour. */
export interface TrafficStatus {
  /** The oldest first. Those without requests are left out. */
  readonly slots: readonly TrafficSlot[]
}

/** What {@link StatusNews} tells of. */
export interface StatusNewsSources extends StatusSources {
  readonly traffic: Traffic
  readonly levels: Levels
}

interface Topic {
  readonly event: keyof StatusEvents
  /** With every how many looks there may be news of it. The first look counts. */
  readonly every: number
  data(): StatusEvents[keyof StatusEvents]
}

/** Tells one reader how the proxy is, and then what has changed. */
export class StatusNews {
  readonly #topics: readonly Topic[]
  /** The latest data that the reader was told, without what counts down. */
  readonly #told = new Map<string, string>()
  #looks = 0

  constructor(sources: StatusNewsSources) {
    this.#topics = topicsOf(sources)
  }

  /** The server-sent events whose data the reader does not know yet; an empty text if there are none. */
  next(): string {
    const due = this.#topics.filter(({ every }) => this.#looks % every === 0)
    this.#looks++
    return due.map(topic => this.#eventOf(topic)).join('')
  }

  #eventOf({ event, data }: Topic): string {
    const text = JSON.stringify(data())
    const lasting = text.replaceAll(COUNTS_DOWN, '')
    if (this.#told.get(event) === lasting) return ''
    this.#told.set(event, lasting)
    return `event: ${event}\ndata: ${text}\n\n`
  }
}

function topicsOf(sources: StatusNewsSources): Topic[] {
  const { pacer, fleet, traffic, levels } = sources
  return [
    { event: 'sessions', every: 1, data: () => sessionsStatus(sources) },
    { event: 'limits', every: 1, data: () => pacingStatus(pacer, MOST_ENDPOINTS) },
    ...(fleet ? [{ event: 'fleet', every: 1, data: () => fleetStatus(fleet) } as const] : []),
    // up to 10 kB
    { event: 'traffic', every: 5, data: () => ({ slots: traffic.slots() }) },
    { event: 'levels', every: Number.POSITIVE_INFINITY, data: () => levels.history },
  ]
}
