import type { Clock } from '../kernel/clock.ts'
import { Alarm } from './alarm.ts'
import { Bucket } from './bucket.ts'
import type { GateCounts, GateStatus } from './gate-status.ts'
import { InFlight } from './in-flight.ts'
import type { Rate } from './limit.ts'
import type { Outcome } from './outcome.ts'
import { OwnLimit } from './own-limit.ts'
import { Permit, type PermitIssuer, type PermitRequest } from './permit.ts'
import { type PermitLimits, PermitQueue } from './permit-queue.ts'
import type { Drawn, SharedLimit } from './shared/shared-limit.ts'

/**
 * Grants permits for one endpoint as its rate limit allows, to clients in turn. Until a response shows whether there is
 * a limit, only a few requests may be in flight. In a fleet, all members draw on one bucket, and a member that goes on
 * alone has its share of the limit. `now` is a time of the monotonic clock, read once for everything that is decided
 * together.
 */
export class Gate implements PermitIssuer {
  readonly #clock: Clock
  readonly #shared: SharedLimit | undefined
  readonly #queue: PermitQueue
  readonly #inFlight: InFlight
  readonly #own: OwnLimit
  #pausedUntil = Number.NEGATIVE_INFINITY
  readonly #alarm: Alarm
  readonly #counts: GateCounts = { waits: 0, waitSeconds: 0, refusals: 0 }

  /** `share` makes the limit that a fleet shares, which calls the gate with what other members learn. */
  constructor(clock: Clock, limit: Rate | undefined, share?: (told: (pause: number) => void) => SharedLimit) {
    this.#clock = clock
    this.#shared = share?.(pause => this.#told(pause))
    this.#own = new OwnLimit(limit, clock.monotonic())
    this.#inFlight = new InFlight(limit !== undefined)
    this.#alarm = new Alarm(clock, () => this.#release(clock.monotonic()))
    this.#queue = new PermitQueue(clock, () => this.#alarm.clear())
  }

  status(now: number): GateStatus {
    return {
      limit: this.#own.bucket?.limit(now) ?? null,
      waiting: this.#queue.size,
      pause: this.#pause(now),
      counts: this.#counts,
    }
  }

  /** Whether requests wait only until it is known if there is a limit: none was refused. */
  get isUnknown(): boolean {
    return !this.#inFlight.isKnown && this.#counts.refusals === 0
  }

  /** Whether requests need no permits: there is no limit, and none was ever refused. */
  get isUnlimited(): boolean {
    return this.#inFlight.isKnown && !this.#own.bucket && this.#counts.refusals === 0
  }

  /** Whether any request is waiting. */
  get isOccupied(): boolean {
    return this.#queue.size > 0
  }

  /** Whether a request may go now, and no other is waiting ahead of it. In a fleet, that is an estimate. */
  isOpen(now: number): boolean {
    if (this.#isClosed(now)) return false
    if (this.#queue.size === 0) return this.#own.bucket?.hasToken(now) ?? true
    // those in the queue may be asking the store
    return this.isShared(now) && this.#delay(this.#queue.size, now) === 0
  }

  /** Whether the store of a fleet decides who may go. */
  isShared(now: number): boolean {
    return this.#store(now) !== undefined
  }

  /** Estimates the milliseconds until a request would get its permit. */
  delay(request: PermitRequest, now: number): number {
    return this.#delay(this.#queue.ahead(request), now)
  }

  /** Grants a permit at once, ahead of all waiting requests. */
  pass(now: number): Permit {
    const shared = this.#store(now)
    this.#inFlight.begin()
    if (!shared) return new Permit(this, this.#own.draw(now), this.#own.bucket)
    shared.spend(this.#inFlight.count)
    return new Permit(this, undefined, shared)
  }

  /**
   * Waits for a permit. A request that comes while the endpoint is unknown may get `undefined` instead as soon as it is
   * known; it has to ask again then.
   */
  async wait(request: PermitRequest, limits: PermitLimits, now: number): Promise<Permit | undefined> {
    const { isUnknown } = this
    // with the next draw, a request asks the fleet, which is not yet a wait
    const next = Number(this.#shared?.draws) + 1
    const permit = this.#queue.wait(request, limits)
    this.#release(now)
    try {
      return await permit
    } finally {
      const isFirst = Number(this.#shared?.draws) <= next
      if (!isUnknown && !isFirst) {
        this.#counts.waits++
        this.#counts.waitSeconds += (this.#clock.monotonic() - now) / 1000
      }
    }
  }

  /** Notes a response. `permit` is undefined if its request was sent before this gate existed. */
  answered(outcome: Outcome, permit?: Permit): void {
    const { kind, limit, isConclusive, pause } = outcome
    const now = this.#clock.monotonic()
    const wasUnknown = this.isUnknown
    if (permit) this.#inFlight.end()
    if (isConclusive) this.#inFlight.learn(this.#counts.refusals > 0)
    if (kind === 'served') this.#inFlight.speedUp(this.#queue.size === 0)
    else this.#counts.refusals++
    if (kind !== 'served' && !limit) this.#inFlight.slowDown()
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pause)
    const [shared, inFlight] = [this.#fleet, this.#inFlight.count]
    const wasAlone = !shared || (permit?.bucket !== undefined && permit.bucket !== shared)
    shared?.report({ outcome, level: permit?.levelIn(shared), inFlight, wasAlone })
    if (wasAlone) this.#own.count(outcome, { permit, inFlight, members: this.#shared?.members ?? 1 }, now)
    else if (limit) this.#own.learn(new Bucket(limit, now, limit.remaining, this.#own.bucket?.others))
    this.#settleKnown(wasUnknown)
    this.#release(now)
  }

  /** Notes that a request got no response. */
  lost(): void {
    this.#inFlight.end()
    // where only a few may be in flight, other members wait for that
    if (this.isUnknown) this.#fleet?.giveBack(0, this.#inFlight.count)
    this.#release(this.#clock.monotonic())
  }

  /** Notes that a request was not sent. */
  unused({ bucket }: Permit): void {
    bucket?.giveBack(1, this.#inFlight.count - 1)
    this.lost()
  }

  /** Rejects all waiting requests. */
  refuse(reason: Error): void {
    this.#queue.settleAll(waiter => waiter.reject(reason))
    this.#alarm.clear()
  }

  /** Stops listening to the fleet. Requests that wait here go on waiting. */
  close(): void {
    this.#shared?.close()
  }

  /** What the fleet shares, if its store is up. */
  get #fleet(): SharedLimit | undefined {
    return this.#shared?.isUp ? this.#shared : undefined
  }

  /**
   * The limit that the fleet shares, if its store is up and has to be asked. Otherwise this member decides: while the
   * store is down by its share of the limit, and without a limit by its own requests in flight.
   */
  #store(now: number): SharedLimit | undefined {
    const fleet = this.#fleet
    if (this.#shared && !fleet) this.#own.share(this.#shared.members, now)
    else this.#own.unite(now)
    return this.#inFlight.isKnown && !this.#own.bucket ? undefined : fleet
  }

  #isClosed(now: number): boolean {
    return this.#inFlight.room === 0 || now < this.#pausedUntil
  }

  /** A further request waits for its turn among those of this member, and for the turns of the other members. */
  #delay(ahead: number, now: number): number {
    const turns = (ahead + 1) * (1 + (this.#shared?.others ?? 0)) - 1
    return Math.max(this.#pause(now), this.#own.bucket?.delay(turns, now) ?? 0)
  }

  #pause(now: number): number {
    return Math.ceil(Math.max(0, this.#pausedUntil - now))
  }

  /** Grants permits to the waiting requests that may go now, and sets a timer for the next. */
  #release(now: number): void {
    const shared = this.#store(now)
    if (shared) return void this.#draw(shared, now)
    this.#alarm.clear()
    while (this.#queue.size > 0 && !this.#isClosed(now) && this.#delay(0, now) === 0)
      this.#queue.shift()?.resolve(this.pass(now))
    // without a delay the next permit follows a response to a request in flight
    if (this.#queue.size > 0) this.#alarm.set(this.#delay(0, now))
  }

  /** Draws tokens of the fleet for the waiting requests, one draw at a time, unless they are to wait first. */
  async #draw(shared: SharedLimit, now: number): Promise<void> {
    const want = Math.min(this.#queue.size, this.#inFlight.room)
    if (want === 0 || shared.isDrawing || this.#alarm.isSet) return
    if (this.#pause(now) > 0) return this.#alarm.set(this.#pause(now))
    const { bucket: believed } = this.#own
    const wasAlone = this.#own.wasAlone(now)
    const drawn = await shared.draw({ want, inFlight: this.#inFlight.count, believed, wasAlone, now })
    const then = this.#clock.monotonic()
    if (drawn) this.#take(drawn, shared, then)
    this.#release(then)
  }

  #take(drawn: Drawn, shared: SharedLimit, now: number): void {
    const wasUnknown = this.isUnknown
    if (drawn.kind !== 'unknown') this.#inFlight.learn(this.#counts.refusals > 0)
    const bucket = drawn.kind === 'limited' ? new Bucket(drawn.limit, now, drawn.tokens, drawn.others) : undefined
    this.#own.join(bucket)
    const waiters = this.#queue.take(drawn.granted)
    waiters.forEach((waiter, at) => {
      this.#inFlight.begin()
      const level = drawn.kind === 'limited' ? drawn.level + drawn.granted - 1 - at : undefined
      waiter.resolve(new Permit(this, level, shared))
    })
    // those who left meanwhile
    if (waiters.length < drawn.granted) shared.giveBack(drawn.granted - waiters.length, this.#inFlight.count)
    this.#settleKnown(wasUnknown)
    if (this.#queue.size > 0) this.#alarm.set(drawn.wait)
  }

  /** Another member told of a pause, or, with 0, that it is known whether there is a limit. */
  #told(pause: number): void {
    const now = this.#clock.monotonic()
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pause)
    this.#alarm.clear()
    this.#release(now)
  }

  /** Lets those ask again that waited until it is known whether there is a limit. */
  #settleKnown(wasUnknown: boolean): void {
    if (wasUnknown && !this.isUnknown) this.#queue.settleAll(waiter => waiter.resolve(undefined))
  }
}
