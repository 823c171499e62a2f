import type { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { type Instant, instantOf } from '../kernel/instant.ts'
import { type Waiter, waitIn } from '../kernel/waiter.ts'

/** The longest wait for the response to another request, in milliseconds. */
const MAX_WAIT = 30_000

/** A complete response in the cache. */
export interface KeptAnswer<Head> {
  readonly head: Head
  readonly body: Buffer
  /** The size of head and body, in bytes. */
  readonly size: number
  /** When the response was complete. */
  readonly at: Instant
}

/**
 * How a flight ended for the requests that waited for it: with a response to share, with `none` to share, or without a
 * result because its client `left`.
 */
export type Landing<Head> = KeptAnswer<Head> | 'none' | 'left'

/** Callbacks of a {@link Flight}. */
export interface FlightOwner<Head> {
  /** Called when there is a response to cache. */
  keep(kept: KeptAnswer<Head>): void
  /** Called when no further request should wait for this flight. */
  leave(): void
}

/** A request in flight whose response is recorded, to share it with equal requests and to cache it. */
export class Flight<Head> {
  readonly #clock: Clock
  readonly #memory: Budget
  readonly #owner: FlightOwner<Head>
  readonly #waiting = new Set<Waiter<Landing<Head>>>()
  #head: Head | undefined
  #chunks: Buffer[] = []
  #size = 0

  /** `memory` limits what all flights record together. */
  constructor(clock: Clock, memory: Budget, owner: FlightOwner<Head>) {
    this.#clock = clock
    this.#memory = memory
    this.#owner = owner
  }

  /**
   * Records that a response that may be shared has begun, with a head of `size` bytes. A response that exceeds the
   * memory is not recorded.
   */
  begin(head: Head, size: number): void {
    this.#head = head
    this.#take(size)
  }

  /** Records a chunk of the response body. */
  data(chunk: Buffer): void {
    if (this.#head === undefined) return
    this.#chunks.push(chunk)
    this.#take(chunk.length)
  }

  /** Ends the flight: with a complete response, with none to share, or because its client left. */
  land(how: 'complete' | 'none' | 'left'): void {
    const kept = how === 'complete' ? this.#recorded() : undefined
    this.#forget()
    if (kept) this.#owner.keep(kept)
    this.#owner.leave()
    for (const waiter of this.#waiting) waiter.resolve(kept ?? (how === 'left' ? 'left' : 'none'))
  }

  /** Waits for the flight to end, up to 30 seconds. When `signal` aborts, rejects with its reason. */
  wait(signal: EndSignal): Promise<Landing<Head>> {
    // its client may not be reading the response: no other request should wait for that
    const timedOut = (waiter: Waiter<Landing<Head>>) => {
      this.#owner.leave()
      waiter.resolve('left')
    }
    return waitIn(this.#waiting, this.#clock, { ms: MAX_WAIT, timedOut, signal })
  }

  #recorded(): KeptAnswer<Head> | undefined {
    if (this.#head === undefined) return undefined
    return { head: this.#head, body: Buffer.concat(this.#chunks), size: this.#size, at: instantOf(this.#clock) }
  }

  #take(size: number): void {
    if (this.#memory.take(size)) this.#size += size
    else this.#forget()
  }

  #forget(): void {
    this.#memory.give(this.#size)
    this.#head = undefined
    this.#chunks = []
    this.#size = 0
  }
}
