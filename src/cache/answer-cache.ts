import { LRUCache } from 'lru-cache'
import { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import { elapsed, type Instant } from '../kernel/instant.ts'
import { Flight, type KeptAnswer } from './flight.ts'

/** The fraction of the cache size for responses that are still arriving. */
const ARRIVING_FRACTION = 1 / 4

/** The memory that a response takes in addition to its head, body and key, in bytes. */
const OVERHEAD = 1_024

/** The maximum number of resources that have a version of their own. */
const MAX_VERSIONS = 1_000

/** A request whose response may be cached. */
export interface Cacheable {
  /** Identifies the response: requests with equal keys get the same one. */
  readonly key: string
  /** The resource that the response depends on. A write to it makes the response stale. */
  readonly resource: string
  /** How long the response may be cached, in milliseconds. */
  readonly keepFor: number
}

/**
 * Caches responses until they expire or their resource is written to, and knows the requests that are in flight. Uses
 * about `maxSize` bytes at most.
 */
export class AnswerCache<Head> {
  readonly #clock: Clock
  readonly #recorded: Budget
  readonly #kept: LRUCache<string, KeptAnswer<Head>>
  readonly #flights = new Map<string, Flight<Head>>()
  readonly #versions: LRUCache<string, number>
  /** The version of all resources that have none of their own. */
  #version = 0
  #latest = 0

  constructor(clock: Clock, maxSize: number) {
    this.#clock = clock
    const recorded = Math.floor(maxSize * ARRIVING_FRACTION)
    this.#recorded = new Budget(() => recorded)
    this.#kept = new LRUCache({
      maxSize: Math.max(1, maxSize - recorded),
      sizeCalculation: ({ size }, key) => size + 2 * key.length + OVERHEAD,
    })
    this.#versions = new LRUCache({
      max: MAX_VERSIONS,
      dispose: (_version, _resource, why) => {
        // a resource whose version is evicted must not look as if it was never written to
        if (why === 'evict') this.#version = ++this.#latest
      },
    })
  }

  /** Returns the cached response for a request, if there is one that is fresh at `now`. */
  get(request: Cacheable, now: Instant): KeptAnswer<Head> | undefined {
    const kept = this.#kept.get(this.#keyOf(request))
    return kept && elapsed(kept.at, now) < request.keepFor ? kept : undefined
  }

  /** Returns the flight of an equal request, if there is one. */
  flight(request: Cacheable): Flight<Head> | undefined {
    return this.#flights.get(this.#keyOf(request))
  }

  /**
   * Starts the flight of a request. Equal requests can wait for it until it lands. Its response is cached, unless
   * another flight of an equal request has started since.
   */
  begin(request: Cacheable): Flight<Head> {
    const key = this.#keyOf(request)
    const isLatest = () => this.#flights.get(key) === flight
    const leave = () => {
      if (isLatest()) this.#flights.delete(key)
    }
    const keep = (kept: KeptAnswer<Head>) => {
      if (isLatest()) this.#kept.set(key, kept)
    }
    const flight: Flight<Head> = new Flight(this.#clock, this.#recorded, { leave, keep })
    this.#flights.set(key, flight)
    return flight
  }

  /** Notes a write to a resource. Responses to earlier requests are no longer used for it. */
  written(resource: string): void {
    this.#versions.set(resource, ++this.#latest)
  }

  #keyOf({ key, resource }: Cacheable): string {
    return `${this.#versions.get(resource) ?? this.#version} ${key}`
  }
}
