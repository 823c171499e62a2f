import { LRUCache } from 'lru-cache'
import { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import { elapsed, type Instant } from '../kernel/instant.ts'
import { Flight, type KeptAnswer } from './flight.ts'

/** The part of its size that a cache leaves to answers that are still coming. */
const RECORDED_PART = 1 / 4

/** What an answer takes beside its head, body and key, in bytes. */
const OVERHEAD = 1_024

/** Versions are known of no more resources than this. */
const MAX_VERSIONS = 1_000

/** A request whose answer may be kept. */
export interface Cacheable {
  /** The same for requests that have the same answer. */
  readonly key: string
  /** Whatever writes to this may change the answer. */
  readonly resource: string
  /** For how long it may be kept, in milliseconds. */
  readonly keepFor: number
}

/**
 * Keeps answers for as long as they may be, unless their resource is written to, and knows which are on their way. All of
 * it takes no more than about `maxSize` bytes.
 */
export class AnswerCache<Head> {
  readonly #clock: Clock
  readonly #recorded: Budget
  readonly #kept: LRUCache<string, KeptAnswer<Head>>
  readonly #flights = new Map<string, Flight<Head>>()
  readonly #versions: LRUCache<string, number>
  /** Of the resources that none is known of. */
  #version = 0
  #latest = 0

  constructor(clock: Clock, maxSize: number) {
    this.#clock = clock
    const recorded = Math.floor(maxSize * RECORDED_PART)
    this.#recorded = new Budget(() => recorded)
    this.#kept = new LRUCache({
      maxSize: Math.max(1, maxSize - recorded),
      sizeCalculation: ({ size }, key) => size + 2 * key.length + OVERHEAD,
    })
    this.#versions = new LRUCache({
      max: MAX_VERSIONS,
      dispose: (_version, _resource, why) => {
        // what is forgotten must not look as if nothing was ever written
        if (why === 'evict') this.#version = ++this.#latest
      },
    })
  }

  /** The answer that is kept for a request, if it is fresh at that moment. */
  get(request: Cacheable, now: Instant): KeptAnswer<Head> | undefined {
    const kept = this.#kept.get(this.#keyOf(request))
    return kept && elapsed(kept.at, now) < request.keepFor ? kept : undefined
  }

  /** The same request, if it is on its way. */
  flight(request: Cacheable): Flight<Head> | undefined {
    return this.#flights.get(this.#keyOf(request))
  }

  /** A request goes on its way: others wait for it until it lands, and its answer is kept unless another was sent since. */
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

  /** Notes that a resource is written to: what was asked for before is not its answer any more. */
  written(resource: string): void {
    this.#versions.set(resource, ++this.#latest)
  }

  #keyOf({ key, resource }: Cacheable): string {
    return `${this.#versions.get(resource) ?? this.#version} ${key}`
  }
}
