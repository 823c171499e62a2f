import type { Clock, Timer } from '../kernel/clock.ts'
import { type Waiter, type WaitLimits, waitIn } from '../kernel/waiter.ts'
import { Bucket } from './bucket.ts'
import { FairQueue } from './fair-queue.ts'
import type { Limit, Rate } from './limit.ts'
import type { Outcome } from './outcome.ts'
import { Permit, type PermitIssuer, type PermitRequest } from './permit.ts'

/** How long a request waits for a permit. */
export type PermitLimits = WaitLimits<Permit | undefined>

type PermitWaiter = Waiter<Permit | undefined>

/** What is known about an endpoint. */
export interface GateStatus {
  /** Null if no limit is known. */
  readonly limit: Limit | null
  /** The number of waiting requests. */
  readonly waiting: number
  /** How long nothing is sent because the upstream refused a request, in milliseconds. */
  readonly pause: number
  readonly counts: Readonly<GateCounts>
}

/** Counters since the endpoint became known. */
export interface GateCounts {
  /** Requests that had to wait, whether they got a permit or not. */
  waits: number
  /** The sum of their waits, in seconds. */
  waitSeconds: number
  /** Responses of the upstream with status 429 or 503. */
  refusals: number
}

/**
 * How many requests may be in flight while it is unknown whether the endpoint has a limit: no more than most limits allow
 * at once, so that hardly any is refused, and enough to be no hindrance for the time of one response.
 */
const MAX_UNKNOWN = 20

/**
 * How many requests may always be in flight: few enough to be no load for the upstream, and enough that one slow
 * request does not block all others.
 */
const MIN_IN_FLIGHT = 4

/**
 * Grants permits for one endpoint as its rate limit allows, to clients in turn. Until a response shows whether there is
 * a limit, only a few requests may be in flight. After a refusal without a known limit, it halves the number of requests
 * that may be in flight, and then raises it by one with each response. `now` is a time of the monotonic clock, read once
 * for everything that is decided together.
 */
export class Gate implements PermitIssuer {
  readonly #clock: Clock
  readonly #queue = new FairQueue<unknown, PermitWaiter>()
  #bucket: Bucket | undefined
  #isKnown: boolean
  #inFlight = 0
  #maxInFlight: number
  #pausedUntil = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  readonly #counts: GateCounts = { waits: 0, waitSeconds: 0, refusals: 0 }

  constructor(clock: Clock, limit: Rate | undefined) {
    this.#clock = clock
    this.#bucket = limit && new Bucket(limit, clock.monotonic())
    this.#isKnown = limit !== undefined
    this.#maxInFlight = this.#most
  }

  status(now: number): GateStatus {
    return {
      limit: this.#bucket?.limit(now) ?? null,
      waiting: this.#queue.size,
      pause: this.#pause(now),
      counts: this.#counts,
    }
  }

  /** Whether requests wait only until it is known if there is a limit: none was refused. */
  get isUnknown(): boolean {
    return !this.#isKnown && this.#counts.refusals === 0
  }

  /** Whether requests need no permits: there is no limit, and none was ever refused. */
  get isUnlimited(): boolean {
    return this.#isKnown && !this.#bucket && this.#counts.refusals === 0
  }

  /** Whether a request may go now, and no other is waiting ahead of it. */
  isOpen(now: number): boolean {
    if (this.#queue.size > 0 || this.#isClosed(now)) return false
    return this.#bucket?.hasToken(now) ?? true
  }

  /** Estimates the milliseconds until a request would get its permit. */
  delay({ client, returned }: PermitRequest, now: number): number {
    return this.#delay(returned ? 0 : this.#queue.ahead(client), now)
  }

  /** Grants a permit at once, ahead of all waiting requests. */
  pass(now: number): Permit {
    this.#inFlight++
    return new Permit(this, this.#bucket?.draw(now))
  }

  /** Whether any request is waiting. */
  get isOccupied(): boolean {
    return this.#queue.size > 0
  }

  /**
   * Waits for a permit. A request that comes while the endpoint is unknown may get `undefined` instead as soon as it is
   * known; it has to ask again then.
   */
  async wait({ client, returned }: PermitRequest, limits: PermitLimits, now: number): Promise<Permit | undefined> {
    const isUnknown = this.isUnknown
    const list = {
      add: (waiter: PermitWaiter) => (returned ? this.#queue.pushReturned(waiter) : this.#queue.push(client, waiter)),
      delete: (waiter: PermitWaiter) => {
        this.#queue.delete(client, waiter)
        if (this.#queue.size === 0) this.#clearTimer()
      },
    }
    const permit = waitIn(list, this.#clock, limits)
    this.#release(now)
    try {
      return await permit
    } finally {
      if (!isUnknown) {
        this.#counts.waits++
        this.#counts.waitSeconds += (this.#clock.monotonic() - now) / 1000
      }
    }
  }

  /** Notes a response. `permit` is undefined if its request was sent before this gate existed. */
  answered({ kind, limit, isConclusive, pause }: Outcome, permit?: Permit): void {
    const now = this.#clock.monotonic()
    const wasUnknown = this.isUnknown
    if (permit) this.#inFlight--
    if (isConclusive) this.#learn()
    if (kind === 'served') this.#served(limit, permit, now)
    if (kind === 'limited') this.#limited(limit, now)
    if (kind !== 'served') this.#counts.refusals++
    if (kind !== 'served' && !limit) this.#maxInFlight = Math.max(MIN_IN_FLIGHT, Math.floor(this.#inFlight / 2))
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pause)
    if (wasUnknown && !this.isUnknown) this.#settleAll(waiter => waiter.resolve(undefined))
    this.#release(now)
  }

  /** Notes that a request got no response. */
  lost(): void {
    this.#inFlight--
    this.#release(this.#clock.monotonic())
  }

  /** Notes that a request was not sent. */
  unused({ level }: Permit): void {
    if (level !== undefined) this.#bucket?.giveBack()
    this.lost()
  }

  /** Rejects all waiting requests. */
  refuse(reason: Error): void {
    this.#settleAll(waiter => waiter.reject(reason))
    this.#clearTimer()
  }

  #settleAll(settle: (waiter: PermitWaiter) => void): void {
    for (let waiter = this.#queue.shift(); waiter; waiter = this.#queue.shift()) settle(waiter)
  }

  #served(limit: Limit | undefined, permit: Permit | undefined, now: number): void {
    this.#maxInFlight = this.#queue.size === 0 ? this.#most : Math.min(this.#most, this.#maxInFlight + 1)
    if (!limit) return
    // requests from before this gate existed are not counted, so there may be any number of them
    const inFlight = permit ? this.#inFlight : Number.POSITIVE_INFINITY
    if (this.#bucket) this.#bucket.counted({ level: permit?.level, inFlight, limit }, now)
    else this.#bucket = this.#bucketOf(limit, now)
  }

  /** The bucket as a response reports it, less the requests in flight, which the upstream may have yet to count. */
  #bucketOf(limit: Limit, now: number): Bucket {
    const bucket = new Bucket(limit, now, limit.remaining)
    for (let n = 0; n < this.#inFlight; n++) bucket.draw(now)
    return bucket
  }

  #learn(): void {
    if (this.isUnknown) this.#maxInFlight = Number.POSITIVE_INFINITY
    this.#isKnown = true
  }

  /** How many requests may be in flight if none was refused. */
  get #most(): number {
    return this.#isKnown ? Number.POSITIVE_INFINITY : MAX_UNKNOWN
  }

  #limited(limit: Limit | undefined, now: number): void {
    if (this.#bucket) this.#bucket.refused(limit, now)
    else if (limit) this.#bucket = new Bucket(limit, now, 0)
  }

  #isClosed(now: number): boolean {
    return this.#inFlight >= this.#maxInFlight || now < this.#pausedUntil
  }

  #delay(ahead: number, now: number): number {
    return Math.max(this.#pause(now), this.#bucket?.delay(ahead, now) ?? 0)
  }

  #pause(now: number): number {
    return Math.ceil(Math.max(0, this.#pausedUntil - now))
  }

  /** Grants permits to the waiting requests that may go now, and sets a timer for the next. */
  #release(now: number): void {
    this.#clearTimer()
    while (this.#queue.size > 0 && !this.#isClosed(now) && this.#delay(0, now) === 0)
      this.#queue.shift()?.resolve(this.pass(now))
    if (this.#queue.size === 0) return
    const ms = this.#delay(0, now)
    // without a delay the next permit follows a response to a request in flight
    if (ms > 0) this.#timer = this.#clock.setTimeout(() => this.#release(this.#clock.monotonic()), ms)
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
