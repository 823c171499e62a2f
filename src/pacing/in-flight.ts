/**
 * How many requests may be in flight while it is unknown whether the endpoint has a limit: no more than most limits allow
 * at once, so that hardly any is refused, and enough to be no hindrance for the time of one response.
 */
export const MAX_UNKNOWN = 20

/**
 * How many requests may always be in flight: few enough to be no load for the upstream, and enough that one slow
 * request does not block all others.
 */
const MIN_IN_FLIGHT = 4

/**
 * The requests of an endpoint that are in flight, and how many there may be: few until it is known whether there is a
 * limit, any number after that. A refusal that states no limit halves the number, and each response then raises it by one.
 */
export class InFlight {
  #count = 0
  #isKnown: boolean
  #most: number

  /** `isKnown` says whether it is known if there is a limit. */
  constructor(isKnown: boolean) {
    this.#isKnown = isKnown
    this.#most = this.#limit
  }

  /** The number of requests in flight. */
  get count(): number {
    return this.#count
  }

  get isKnown(): boolean {
    return this.#isKnown
  }

  /** How many more may be sent now. */
  get room(): number {
    return Math.max(0, this.#most - this.#count)
  }

  /** Notes that a request is sent. */
  begin(): void {
    this.#count++
  }

  /** Notes that a request got a response, or gets none. */
  end(): void {
    this.#count--
  }

  /** Notes that it is known now whether there is a limit. `isRefused` says whether a request was ever refused. */
  learn(isRefused: boolean): void {
    if (!this.#isKnown && !isRefused) this.#most = Number.POSITIVE_INFINITY
    this.#isKnown = true
  }

  /** Allows one more after a response, or as many as ever if no request is waiting. */
  speedUp(isIdle: boolean): void {
    this.#most = isIdle ? this.#limit : Math.min(this.#limit, this.#most + 1)
  }

  /** Halves how many there may be after a refusal that states no limit. */
  slowDown(): void {
    this.#most = Math.max(MIN_IN_FLIGHT, Math.floor(this.#count / 2))
  }

  get #limit(): number {
    return this.#isKnown ? Number.POSITIVE_INFINITY : MAX_UNKNOWN
  }
}
