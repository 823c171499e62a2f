import { Bucket } from './bucket.ts'
import { type Limit, type Rate, shareOf } from './limit.ts'
import type { Outcome } from './outcome.ts'
import type { Permit } from './permit.ts'

/** What a response is compared with. */
export interface Sent {
  /** The permit of its request; undefined if that was sent before the gate existed. */
  readonly permit: Permit | undefined
  /** How many requests of this process have no response yet. */
  readonly inFlight: number
  /** How many members the fleet has, of which this one goes on alone; 1 without a fleet. */
  readonly members: number
}

/**
 * What this process knows of a limit by itself. In a fleet, it is an estimate of the bucket that all members draw on, and
 * the share of a member that goes on alone.
 */
export class OwnLimit {
  /** Undefined if no limit is known. */
  bucket: Bucket | undefined
  /** By how many members the limit in the bucket is divided: more than one only if this one goes on alone. */
  #users = 1
  /** When this member last sent a request without the fleet, which has not drawn for it since. */
  #aloneAt = Number.NEGATIVE_INFINITY

  constructor(limit: Rate | undefined, now: number) {
    this.bucket = limit && new Bucket(limit, now)
  }

  /** Whether the bucket of the fleet lacks what this member took alone, and has not refilled since then. */
  wasAlone(now: number): boolean {
    const { rate, burst } = this.bucket?.limit(now) ?? { rate: 1, burst: 0 }
    return now - this.#aloneAt < (burst / rate) * 1000
  }

  /** Takes a token for a request that is sent without the fleet. Returns what {@link Bucket.draw} does. */
  draw(now: number): number | undefined {
    this.#aloneAt = now
    return this.bucket?.draw(now)
  }

  /** Takes the whole bucket, or that there is none. */
  learn(bucket: Bucket | undefined): void {
    this.bucket = bucket
    this.#users = 1
  }

  /** Learns as {@link OwnLimit.learn} does, from the fleet, which knows now what this member took alone. */
  join(bucket: Bucket | undefined): void {
    this.learn(bucket)
    this.#aloneAt = Number.NEGATIVE_INFINITY
  }

  /** Goes on with the share of one among so many members, unless it does so already. */
  share(members: number, now: number): void {
    if (this.#users === 1 && members > 1) this.#divide(this.bucket?.usersOf(members) ?? members, now)
  }

  /** Goes on with the whole limit, of which only the tokens of the own share are known to be there. */
  unite(now: number): void {
    this.#divide(1, now)
  }

  /** Corrects the bucket by a response. */
  count({ kind, limit: stated }: Outcome, { permit, inFlight, members }: Sent, now: number): void {
    // others use more of the limit than was known: the members leave as much as they take
    if (kind === 'limited' && this.#users > 1) this.#divide(2 * members, now)
    const limit = stated && shareOf(stated, this.#users)
    const { bucket } = this
    // requests of other members, or from before this gate existed, are not counted: there may be any number of them
    const counted = permit && this.#users === 1 ? inFlight : Number.POSITIVE_INFINITY
    if (kind === 'limited' && bucket) bucket.refused(limit, now)
    if (kind === 'served' && bucket && limit)
      bucket.counted({ level: permit?.levelIn(bucket), inFlight: counted, limit }, now)
    if (limit && !bucket && kind !== 'unavailable') this.bucket = bucketOf(limit, kind === 'limited', inFlight, now)
  }

  #divide(users: number, now: number): void {
    if (users === this.#users) return
    this.bucket = this.bucket?.divided(users / this.#users, now)
    this.#users = users
  }
}

/** The bucket as a response reports it, less the requests in flight, which the upstream may have yet to count. */
function bucketOf(limit: Limit, isEmpty: boolean, inFlight: number, now: number): Bucket {
  const bucket = new Bucket(limit, now, isEmpty ? 0 : limit.remaining)
  for (let n = 0; !isEmpty && n < inFlight; n++) bucket.draw(now)
  return bucket
}
