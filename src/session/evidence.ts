import { Cooldown } from './cooldown.ts'

/** How many operations are remembered: about as many as the API has. */
const MAX_OPERATIONS = 500

/** The most checks in a minute, whatever the grounds. */
const MAX_CHECKS = 20
const MINUTE = 60_000

/** A 401 response to a request that carried the current token. */
export interface Unauthorized {
  /** The operation, with identifiers folded (`GET /alert/{id}`), because a permission covers a whole operation. */
  readonly operation: string
  /** Whether the response names the token as the reason. */
  readonly named: boolean
  /** Whether the request was already a retry after another 401. */
  readonly again: boolean
}

/** The grounds for a token check that {@link Evidence.weigh} found in a 401 response. */
export interface Grounds {
  readonly response: Unauthorized
  readonly operation: Operation
  /** The cooldowns of the grounds that apply, best grounds first. */
  readonly cooldowns: readonly Cooldown[]
  /** The first of them that is not active. Undefined if all are, or if {@link MAX_CHECKS} is reached. */
  readonly open: Cooldown | undefined
}

/** A retry, with another token, of a request that got a 401 response. */
export interface Retry {
  /** Reports what the response to the retry says about the other token: that it is good, that it is bad, or nothing. */
  answered(word: 'good' | 'bad' | 'none'): void
}

/** A retry whose response tells the session nothing, because no check preceded it. */
export const UNINFORMATIVE: Retry = { answered() {} }

/** What is known about an operation. */
interface Operation {
  /** Whether the API has ever served it. */
  wasServed: boolean
  /** Whether the API has served it since it last caused a check. */
  isServed: boolean
  /** The cooldown after a 401 that names the token. */
  readonly named: Cooldown
  /** The cooldown after any other 401, which may mean a missing permission. */
  readonly plain: Cooldown
}

/**
 * Distinguishes an invalid token from a missing permission when a 401 response does not say which it is, based on what
 * the API has served before. A *check* is an auth call made because of a 401; it is justified if the token was invalid.
 * There are four grounds for a check, best first:
 *
 * 1. The API served the operation before, or the response names the token as the reason.
 * 2. As 1, but the operation has just caused a check, and the API has never served a request with the new token: it may
 *    have been revoked right after it was issued.
 * 3. Another operation got a 401, too, since the API last served any with this token.
 * 4. None of these. A check is made once in a while all the same, but not for a request that is already a retry.
 *
 * Each of the grounds has a {@link Cooldown} that unjustified checks start; the first has one for every operation. So a
 * missing permission costs one call a minute at most, and never keeps other operations from finding an invalid token.
 * `now` is milliseconds of the monotonic clock.
 */
export class Evidence {
  /** A Map, because an LRU cache allocates room for all entries at once, and there may be a thousand tenants. */
  readonly #operations = new Map<string, Operation>()
  readonly #unproven = new Cooldown()
  readonly #several = new Cooldown()
  /** Started by every unjustified check. */
  readonly #any = new Cooldown()
  /** When the last checks were made. */
  readonly #checks: number[] = []
  /** The first operation that got a 401 since the API last served any with this token. */
  #suspect: string | undefined
  #token = 0
  #proven = 0

  /** Starts over with another token, and returns its number for {@link Evidence.served}. */
  replaceToken(): number {
    this.#suspect = undefined
    return ++this.#token
  }

  /** Whether the API has served a request with the current token. */
  get isProven(): boolean {
    return this.#proven === this.#token
  }

  /** Notes that the API served an operation with a token. Called for nearly every request. */
  served(name: string, token: number): void {
    if (token === this.#token) {
      this.#proven = token
      this.#suspect = undefined
    }
    const operation = this.#operations.get(name)
    if (operation) operation.wasServed = operation.isServed = true
    else this.#remember(name, { ...newOperation(), wasServed: true, isServed: true })
  }

  /** Notes a 401 response, and returns the grounds for a check that follow from it. */
  weigh(response: Unauthorized, now: number): Grounds {
    const operation = this.#operations.get(response.operation) ?? newOperation()
    const own = cooldownOf(operation, response)
    const isCooling = own.isActive(now)
    // another 401 proves nothing if its operation has just caused an unjustified check
    if (!isCooling) this.#suspect ??= response.operation
    const isSeveral = !isCooling && this.#suspect !== response.operation
    const cooldowns = this.#cooldownsOf(response, operation, isSeveral)
    const open = this.#isExhausted(now) ? undefined : cooldowns.find(each => !each.isActive(now))
    if (!open) own.prolong(now)
    if (!open && isSeveral) this.#several.prolong(now)
    return { response, operation, cooldowns, open }
  }

  /**
   * Returns when a check may be made on any of the grounds. Never more than a minute from `now`: a check planned for
   * later may have been made early, after the machine slept, and its cooldowns then last too long.
   */
  earliest({ cooldowns }: Grounds, now: number): number {
    const isAllowed = this.#isExhausted(now) ? Number(this.#checks[0]) + MINUTE : now
    return Math.min(now + MINUTE, Math.max(isAllowed, Math.min(...cooldowns.map(({ until }) => until))))
  }

  /** Notes a check that is made at `at`, now or later. It counts as unjustified until the retry shows otherwise. */
  check({ response, operation, cooldowns, open = this.#any }: Grounds, at: number): Retry {
    const own = cooldownOf(operation, response)
    const started = open === own ? [own, this.#any] : new Set([own, ...cooldowns])
    const undo = [...started].map(each => each.start(at))
    this.#checks.push(at)
    if (this.#checks.length > MAX_CHECKS) this.#checks.shift()
    operation.isServed = false
    this.#remember(response.operation, operation)
    const justify = () => {
      for (const each of undo) each()
      for (const each of [own, open]) each.reset()
    }
    return {
      answered(word) {
        if (word === 'good' || (word === 'none' && response.named)) justify()
      },
    }
  }

  /** The cooldowns of the grounds that apply, best grounds first. */
  #cooldownsOf(response: Unauthorized, operation: Operation, isSeveral: boolean): Cooldown[] {
    const { named, again } = response
    const own = cooldownOf(operation, response)
    const mayBeRevoked = !this.isProven && ((named && !again) || (operation.wasServed && own.unjustified < 2))
    return [
      ...(named || operation.isServed ? [own] : []),
      ...(mayBeRevoked ? [this.#unproven] : []),
      ...(isSeveral ? [this.#several] : []),
      ...(again ? [] : [this.#any]),
    ]
  }

  /** Forgets the oldest entry when the map is full; an operation in use comes back with its next request. */
  #remember(name: string, operation: Operation): void {
    this.#operations.set(name, operation)
    const [oldest = name] = this.#operations.keys()
    if (this.#operations.size > MAX_OPERATIONS) this.#operations.delete(oldest)
  }

  #isExhausted(now: number): boolean {
    return this.#checks.length === MAX_CHECKS && now - Number(this.#checks[0]) < MINUTE
  }
}

function newOperation(): Operation {
  return { wasServed: false, isServed: false, named: new Cooldown(), plain: new Cooldown() }
}

/** The cooldown of an operation that a 401 response is subject to. */
function cooldownOf({ named, plain }: Operation, response: Unauthorized): Cooldown {
  return response.named ? named : plain
}
