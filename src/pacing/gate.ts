import type { Clock, Timer } from '../kernel/clock.ts'
import { type Waiter, type WaitLimits, waitIn } from '../kernel/waiter.ts'
import { Bucket } from './bucket.ts'
import { FairQueue } from './fair-queue.ts'
import type { Limit, Rate } from './limit.ts'
import type { Outcome } from './outcome.ts'

/** Who asks to be let through. */
export interface Applicant {
  /** The same for all requests that take turns with others as one. */
  readonly client: unknown
  /** Whether it was let through before, and the upstream refused it. */
  readonly returned: boolean
}

/** What is known of an endpoint. */
export interface GateStatus {
  /** Null where no limit is known. */
  readonly limit: Limit | null
  /** Requests that wait. */
  readonly waiting: number
  /** Milliseconds for which nothing is sent there, because the upstream refused. */
  readonly pause: number
  readonly counts: Readonly<GateCounts>
}

/** What was counted since the endpoint became known. */
export interface GateCounts {
  /** Requests that had to wait, whatever became of them. */
  waits: number
  /** How long they did, all together. */
  waitSeconds: number
  /** Answers 429 and 503 of the upstream. */
  refusals: number
}

/** A request that was let through. What became of it is told once; the first word counts. */
export class Permit {
  readonly #gate: Gate
  /** By which its answer is compared with the bucket, if that was known. */
  readonly level: number | undefined
  #isOver = false

  constructor(gate: Gate, level: number | undefined) {
    this.#gate = gate
    this.level = level
  }

  answered(outcome: Outcome): void {
    if (this.#over()) this.#gate.answered(outcome, this)
  }

  /** No answer came; the upstream may have counted it all the same. */
  lost(): void {
    if (this.#over()) this.#gate.lost()
  }

  /** It was not sent. */
  unused(): void {
    if (this.#over()) this.#gate.unused(this)
  }

  #over(): boolean {
    const isFirst = !this.#isOver
    this.#isOver = true
    return isFirst
  }
}

/** So many requests at one time are no load, and enough that a slow one does not hold up all others. */
const FEW = 4

/**
 * Lets the requests to one endpoint through as its limit allows, each client in its turn. After a refusal that tells of
 * no limit it opens by and by: to half as many requests at one time as there were, and with each answer to one more.
 * `now` is of the monotonic clock, read once for all that is decided together.
 */
export class Gate {
  readonly #clock: Clock
  readonly #queue = new FairQueue<unknown, Waiter<Permit>>()
  #bucket: Bucket | undefined
  #underWay = 0
  #mostUnderWay = Number.POSITIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  readonly #counts: GateCounts = { waits: 0, waitSeconds: 0, refusals: 0 }

  constructor(clock: Clock, limit: Rate | undefined) {
    this.#clock = clock
    this.#bucket = limit && new Bucket(limit, clock.monotonic())
  }

  status(now: number): GateStatus {
    return {
      limit: this.#bucket?.limit(now) ?? null,
      waiting: this.#queue.size,
      pause: this.#pause(now),
      counts: this.#counts,
    }
  }

  /** Whether a request may go now, and nobody waits before it. */
  isOpen(now: number): boolean {
    if (this.#queue.size > 0 || this.#isClosed(now)) return false
    return this.#bucket?.hasToken(now) ?? true
  }

  /** The milliseconds until somebody's turn would come, as far as that can be told. */
  delay({ client, returned }: Applicant, now: number): number {
    return this.#delay(returned ? 0 : this.#queue.ahead(client), now)
  }

  /** Lets a request through at once, whoever waits. */
  pass(now: number): Permit {
    this.#underWay++
    return new Permit(this, this.#bucket?.draw(now))
  }

  /** Waits for somebody's turn. */
  async wait({ client, returned }: Applicant, limits: WaitLimits<Permit>, now: number): Promise<Permit> {
    const list = {
      add: (waiter: Waiter<Permit>) => (returned ? this.#queue.pushReturned(waiter) : this.#queue.push(client, waiter)),
      delete: (waiter: Waiter<Permit>) => {
        this.#queue.delete(client, waiter)
        if (this.#queue.size === 0) this.#forgetTimer()
      },
    }
    const turn = waitIn(list, this.#clock, limits)
    this.#release(now)
    try {
      return await turn
    } finally {
      this.#counts.waits++
      this.#counts.waitSeconds += (this.#clock.monotonic() - now) / 1000
    }
  }

  /** A request was answered. Without its `turn` it was sent before this gate was there. */
  answered({ kind, limit, pause }: Outcome, turn?: Permit): void {
    const now = this.#clock.monotonic()
    if (turn) this.#underWay--
    if (kind === 'served') this.#served(limit, turn, now)
    if (kind === 'limited') this.#limited(limit, now)
    if (kind !== 'served') this.#counts.refusals++
    if (kind !== 'served' && !limit) this.#mostUnderWay = Math.max(FEW, Math.floor(this.#underWay / 2))
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pause)
    this.#release(now)
  }

  /** A request was not answered. */
  lost(): void {
    this.#underWay--
    this.#release(this.#clock.monotonic())
  }

  /** A request was not sent. */
  unused({ level }: Permit): void {
    if (level !== undefined) this.#bucket?.giveBack()
    this.lost()
  }

  /** Refuses all who wait. */
  refuse(reason: Error): void {
    for (let waiter = this.#queue.shift(); waiter; waiter = this.#queue.shift()) waiter.reject(reason)
    this.#forgetTimer()
  }

  #served(limit: Limit | undefined, turn: Permit | undefined, now: number): void {
    this.#mostUnderWay = this.#queue.size === 0 ? Number.POSITIVE_INFINITY : this.#mostUnderWay + 1
    if (!limit) return
    // what was sent before this gate was there is not known
    const underWay = turn ? this.#underWay : Number.POSITIVE_INFINITY
    if (this.#bucket) this.#bucket.counted({ level: turn?.level, underWay, limit }, now)
    else this.#bucket = new Bucket(limit, now, limit.remaining)
  }

  #limited(limit: Limit | undefined, now: number): void {
    if (this.#bucket) this.#bucket.refused(limit, now)
    else if (limit) this.#bucket = new Bucket(limit, now, 0)
  }

  #isClosed(now: number): boolean {
    return this.#underWay >= this.#mostUnderWay || now < this.#pausedUntil
  }

  #delay(ahead: number, now: number): number {
    return Math.max(this.#pause(now), this.#bucket?.delay(ahead, now) ?? 0)
  }

  #pause(now: number): number {
    return Math.ceil(Math.max(0, this.#pausedUntil - now))
  }

  /** Lets through those whose turn is now, and comes back for the next. */
  #release(now: number): void {
    this.#forgetTimer()
    while (this.#queue.size > 0 && !this.#isClosed(now) && this.#delay(0, now) === 0)
      this.#queue.shift()?.resolve(this.pass(now))
    if (this.#queue.size === 0) return
    const ms = this.#delay(0, now)
    // else it waits for the answer to one that is under way
    if (ms > 0) this.#timer = this.#clock.setTimeout(() => this.#release(this.#clock.monotonic()), ms)
  }

  #forgetTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
