import { Allowance } from './cooldown.ts'

/** No more operations than these are remembered: about as many as the API has. */
const MAX_OPERATIONS = 500

/** Whatever speaks for them, no more alarms than these are raised within a minute. */
const MAX_ALARMS = 20
const MINUTE = 60_000

/** A 401 that the current token was answered. */
export interface Unauthorized {
  /** What was asked for, identifiers folded: a permission is one for an operation. */
  readonly operation: string
  /** Whether the answer names the token as its reason. */
  readonly named: boolean
  /** Whether the request was sent again already, after another 401. */
  readonly again: boolean
}

/** What speaks for an alarm. */
export interface Grounds {
  readonly refusal: Unauthorized
  readonly operation: Operation
  /** What it may be raised on, the best first. */
  readonly all: readonly Allowance[]
  /** The first of them that is not used up; nothing where that would be one alarm too many. */
  readonly open: Allowance | undefined
}

/** A request that was answered 401 is worth sending again. */
export interface Retry {
  /** Told what the answer says of the other token with which it was sent: that it is good, that it is not, or nothing. */
  answered(word: 'good' | 'bad' | 'none'): void
}

/** A retry from which nothing is learnt. */
export const UNINFORMATIVE: Retry = { answered() {} }

/** What is known of an operation. */
interface Operation {
  /** Whether it was ever served. */
  wasServed: boolean
  /** Whether it has been since it last raised an alarm. */
  isServed: boolean
  /** What its alarms use up: those that name the token, and the others, of which a permission may be the reason. */
  readonly named: Allowance
  readonly plain: Allowance
}

/**
 * Tells a dead token from a missing permission where a 401 does not: by what was served before. An alarm is a call that a
 * 401 causes. These are grounds for one, the best first:
 *
 * 1. The operation was served before, or the token is named as the reason.
 * 2. The same, though that has just raised an alarm, of a token that has never served anything: it may have been revoked on
 *    its way.
 * 3. Another operation is refused, too, since the token last served any.
 * 4. Nothing: once in a while it is asked anyway, but not for a request for which that was done already.
 *
 * For each there is an {@link Allowance} that false alarms use up; for the first, one of each operation. So a permission
 * that is missing costs a call a minute at most, and never keeps other operations from finding the token dead. `now` is
 * milliseconds of the monotonic clock.
 */
export class Evidence {
  /** Not an LRU cache, each of which takes room for all at once, and there may be a thousand tenants. */
  readonly #operations = new Map<string, Operation>()
  readonly #unproven = new Allowance()
  readonly #several = new Allowance()
  /** Every false alarm uses this one up. */
  readonly #any = new Allowance()
  /** When the last alarms were raised. */
  readonly #raised: number[] = []
  /** The operation that was refused first since the token last served any. */
  #suspect: string | undefined
  #token = 0
  #proven = 0

  /** Goes on with another token, and gives the number by which it is spoken of. */
  replaceToken(): number {
    this.#suspect = undefined
    return ++this.#token
  }

  /** Whether the token has served anything. */
  get isProven(): boolean {
    return this.#proven === this.#token
  }

  /** An operation was served with a token: so ends nearly every request. */
  served(name: string, token: number): void {
    if (token === this.#token) {
      this.#proven = token
      this.#suspect = undefined
    }
    const operation = this.#operations.get(name)
    if (operation) operation.wasServed = operation.isServed = true
    else this.#remember(name, { ...newOperation(), wasServed: true, isServed: true })
  }

  /** Notes that the token was refused. */
  weigh(refusal: Unauthorized, now: number): Grounds {
    const { named, again } = refusal
    const operation = this.#operations.get(refusal.operation) ?? newOperation()
    const own = ownOf(operation, refusal)
    // who raised a false alarm a moment ago proves nothing by another 401
    if (!own.isSpent(now)) this.#suspect ??= refusal.operation
    const isSeveral = !own.isSpent(now) && this.#suspect !== refusal.operation
    const isNews = (named && !again) || (operation.wasServed && own.alarms < 2)
    const all = again ? [] : [this.#any]
    if (isSeveral) all.unshift(this.#several)
    if (isNews && !this.isProven) all.unshift(this.#unproven)
    if (named || operation.isServed) all.unshift(own)
    const open = this.#isExhausted(now) ? undefined : all.find(each => !each.isSpent(now))
    if (!open) own.prolong(now)
    if (!open && isSeveral) this.#several.prolong(now)
    return { refusal, operation, all, open }
  }

  /** When an alarm may be raised on any of its grounds: within a minute, though a sleep may have brought one forward. */
  earliest({ all }: Grounds, now: number): number {
    const isAllowed = this.#isExhausted(now) ? Number(this.#raised[0]) + MINUTE : now
    return Math.min(now + MINUTE, Math.max(isAllowed, Math.min(...all.map(({ until }) => until))))
  }

  /** An alarm is raised at a time, now or to come. It counts as a false one until it has proved right. */
  raise({ refusal, operation, all, open = this.#any }: Grounds, at: number): Retry {
    const own = ownOf(operation, refusal)
    const used = open === own ? [own, this.#any] : new Set([own, ...all])
    const undo = [...used].map(each => each.spend(at))
    this.#raised.push(at)
    if (this.#raised.length > MAX_ALARMS) this.#raised.shift()
    operation.isServed = false
    this.#remember(refusal.operation, operation)
    const proved = () => {
      for (const each of undo) each()
      for (const each of [own, open]) each.restore()
    }
    return {
      answered(word) {
        if (word === 'good' || (word === 'none' && refusal.named)) proved()
      },
    }
  }

  /** The one remembered for longest gives way; if it is in use, it comes back at once. */
  #remember(name: string, operation: Operation): void {
    this.#operations.set(name, operation)
    const [oldest = name] = this.#operations.keys()
    if (this.#operations.size > MAX_OPERATIONS) this.#operations.delete(oldest)
  }

  #isExhausted(now: number): boolean {
    return this.#raised.length === MAX_ALARMS && now - Number(this.#raised[0]) < MINUTE
  }
}

function newOperation(): Operation {
  return { wasServed: false, isServed: false, named: new Allowance(), plain: new Allowance() }
}

/** What the alarms of an operation use up. */
function ownOf({ named, plain }: Operation, refusal: Unauthorized): Allowance {
  return refusal.named ? named : plain
}
