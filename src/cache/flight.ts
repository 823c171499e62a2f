import type { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { type Instant, instantOf } from '../kernel/instant.ts'
import { type Waiter, waitIn } from '../kernel/waiter.ts'

/** For how long another's answer is waited for, in milliseconds. */
const MAX_WAIT = 30_000

/** An answer that is kept. */
export interface KeptAnswer<Head> {
  readonly head: Head
  readonly body: Buffer
  /** Bytes of both. */
  readonly size: number
  /** When all of it was there. */
  readonly at: Instant
}

/** What became of a request that others wait for: an answer that can be kept, none that can, or its client has left it. */
export type Landing<Head> = KeptAnswer<Head> | 'none' | 'left'

/** Who is told what becomes of a flight. */
export interface FlightOwner<Head> {
  /** It has an answer that can be kept. */
  keep(kept: KeptAnswer<Head>): void
  /** Nobody else is to wait for it. */
  leave(): void
}

/** A request under way whose answer is recorded, for those who wait for the same and those who come later. */
export class Flight<Head> {
  readonly #clock: Clock
  readonly #memory: Budget
  readonly #owner: FlightOwner<Head>
  readonly #waiting = new Set<Waiter<Landing<Head>>>()
  #head: Head | undefined
  #chunks: Buffer[] = []
  #size = 0

  /** `memory` is what all flights may record together. */
  constructor(clock: Clock, memory: Budget, owner: FlightOwner<Head>) {
    this.#clock = clock
    this.#memory = memory
    this.#owner = owner
  }

  /** A good answer begins, with a head of so many bytes. What is too large is not recorded. */
  begin(head: Head, size: number): void {
    this.#head = head
    this.#take(size)
  }

  /** A piece of its body. */
  data(chunk: Buffer): void {
    if (this.#head === undefined) return
    this.#chunks.push(chunk)
    this.#take(chunk.length)
  }

  /** It is over: its answer is complete, was none that can be kept, or its client has left. */
  land(how: 'complete' | 'none' | 'left'): void {
    const kept = how === 'complete' ? this.#recorded() : undefined
    this.#forget()
    if (kept) this.#owner.keep(kept)
    this.#owner.leave()
    for (const waiter of this.#waiting) waiter.resolve(kept ?? (how === 'left' ? 'left' : 'none'))
  }

  /** Waits for it to land. Rejects as `signal` says. */
  wait(signal: EndSignal): Promise<Landing<Head>> {
    // its client may be one that does not read: nobody else waits for that
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
