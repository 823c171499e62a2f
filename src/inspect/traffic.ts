import type { Clock } from '../kernel/clock.ts'
import { tenths } from '../request/exchange.ts'

/** The length of a slot, in milliseconds. */
const SLOT = 30_000

/** How many slots are kept: an hour. */
const SLOTS = 120

/** How many classes of times there are for each doubling. They are 19 % apart, so that a time is off by at most 9 %. */
const STEPS = 4

/** The number of classes, from 1 ms to 17 minutes. Shorter and longer times are counted in the first and last. */
const CLASSES = 20 * STEPS + 1

/** The forwarded requests that ended within 30 seconds. */
export interface TrafficSlot {
  /** When the slot began, in milliseconds since the epoch: a multiple of 30,000. */
  readonly startedAt: number
  readonly requests: number
  /** How many of them ended with status 400 or higher, or because the client left. */
  readonly failed: number
  /** The time within which half of them ended, in milliseconds from beginning to end, and off by at most 9 %. */
  readonly p50: number
  /** The time within which 95 % of them ended, like `p50`. */
  readonly p95: number
}

/** A request that ended, for {@link Traffic.count}. */
export interface EndedRequest {
  readonly failed: boolean
  /** Milliseconds from the beginning to the end. */
  readonly took: number
}

interface Slot {
  /** Its beginning, in lengths of a slot since the epoch. */
  readonly number: number
  failed: number
  /** How many requests took how long: a count for each class. */
  readonly times: Uint32Array
}

/** Counts the forwarded requests of the last hour, for charts. It takes 40 kB, and a few additions for each request. */
export class Traffic {
  readonly #clock: Clock
  /** A ring: each slot is at its number modulo the size. */
  readonly #ring: Slot[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a request that has just ended. */
  count({ failed, took }: EndedRequest): void {
    const slot = this.#current()
    if (failed) slot.failed++
    const at = classOf(took)
    slot.times[at] = Number(slot.times[at]) + 1
  }

  /** The slots of the last hour, the oldest first. Those without requests are left out. */
  slots(): TrafficSlot[] {
    const last = this.#number()
    const numbers = Array.from({ length: SLOTS }, (_, at) => last - SLOTS + 1 + at)
    return numbers.flatMap(number => {
      const slot = this.#ring[number % SLOTS]
      return slot?.number === number ? [describe(slot)] : []
    })
  }

  #current(): Slot {
    const number = this.#number()
    const kept = this.#ring[number % SLOTS]
    if (kept?.number === number) return kept
    const slot = { number, failed: 0, times: new Uint32Array(CLASSES) }
    this.#ring[number % SLOTS] = slot
    return slot
  }

  #number(): number {
    return Math.floor(this.#clock.now() / SLOT)
  }
}

function classOf(took: number): number {
  const nearest = Math.round(STEPS * Math.log2(took))
  return Math.min(CLASSES - 1, Math.max(0, nearest))
}

function describe({ number, failed, times }: Slot): TrafficSlot {
  const requests = times.reduce((sum, count) => sum + count, 0)
  const quantile = (part: number) => quantileOf(times, Math.ceil(part * requests))
  return { startedAt: number * SLOT, requests, failed, p50: quantile(0.5), p95: quantile(0.95) }
}

/** The time within which `rank` requests ended, in milliseconds. */
function quantileOf(times: Uint32Array, rank: number): number {
  let passed = 0
  const at = times.findIndex(count => {
    passed += count
    return passed >= rank
  })
  return tenths(2 ** (at / STEPS))
}
