import type { Clock } from '../kernel/clock.ts'
import { type Waiter, type WaitLimits, waitIn } from '../kernel/waiter.ts'
import { FairQueue } from './fair-queue.ts'
import type { Permit, PermitRequest } from './permit.ts'

/** How long a request waits for a permit. */
export type PermitLimits = WaitLimits<Permit | undefined>

type PermitWaiter = Waiter<Permit | undefined>

/** The requests that wait for permits of one endpoint, in the order in which they get them. */
export class PermitQueue {
  readonly #clock: Clock
  readonly #emptied: () => void
  readonly #queue = new FairQueue<unknown, PermitWaiter>()

  /** Calls `emptied` when the last request has left. */
  constructor(clock: Clock, emptied: () => void) {
    this.#clock = clock
    this.#emptied = emptied
  }

  get size(): number {
    return this.#queue.size
  }

  /** How many get their permits before a request that comes now. */
  ahead({ client, returned }: PermitRequest): number {
    return returned ? 0 : this.#queue.ahead(client)
  }

  /** Waits until the request is taken out with {@link PermitQueue.shift} and settled, or its limits end the wait. */
  wait({ client, returned }: PermitRequest, limits: PermitLimits): Promise<Permit | undefined> {
    const list = {
      add: (waiter: PermitWaiter) => (returned ? this.#queue.pushReturned(waiter) : this.#queue.push(client, waiter)),
      delete: (waiter: PermitWaiter) => {
        this.#queue.delete(client, waiter)
        if (this.#queue.size === 0) this.#emptied()
      },
    }
    return waitIn(list, this.#clock, limits)
  }

  /** Takes out the request whose turn it is, if there is one. It must be settled. */
  shift(): PermitWaiter | undefined {
    return this.#queue.shift()
  }

  /** Takes out so many requests, as {@link PermitQueue.shift} does, or all if there are fewer. */
  take(count: number): PermitWaiter[] {
    return Array.from({ length: Math.min(count, this.#queue.size) }, () => this.#queue.shift() as PermitWaiter)
  }

  /** Settles all waiting requests, in their order. */
  settleAll(settle: (waiter: PermitWaiter) => void): void {
    for (let waiter = this.#queue.shift(); waiter; waiter = this.#queue.shift()) settle(waiter)
  }
}
