import { LRUCache } from 'lru-cache'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { ensure } from '../kernel/ensure.ts'
import type { Waiter } from '../kernel/waiter.ts'
import { Problem } from '../problem/problem.ts'
import { type Applicant, Gate, type GateStatus, type Permit } from './gate.ts'
import type { Rate } from './limit.ts'
import { type Answer, readOutcome } from './outcome.ts'

/** No more endpoints than this are remembered. */
const MAX_GATES = 1_000

/**
 * A turn that comes in the last millisecond is in time, and a gate's timer that was early comes back a millisecond later:
 * so much longer, in milliseconds, somebody waits.
 */
const GRACE = 2

/** Asked for anew each time. */
export interface PacerSettings {
  readonly enabled: boolean
  /** Milliseconds that a request waits at most. */
  readonly maxWait: number
  /** Requests that wait at most, over all endpoints. */
  readonly maxQueue: number
}

export interface PacerOptions {
  readonly clock: Clock
  readonly settings: () => PacerSettings
  readonly random?: () => number
}

/** Whose limit it is. */
export interface PacedEndpoint {
  /** The tenant and the endpoint's name, with a space between. */
  readonly key: string
  /** The limit that holds until the upstream tells of another. */
  readonly declared: Rate | undefined
}

/** Who waits, and for how long. */
export interface Asking extends Applicant {
  /** Milliseconds for which it has waited before. */
  readonly waited: number
  /** Aborts when it leaves. */
  readonly signal: EndSignal
}

/** What is known of an endpoint of a tenant. */
export interface EndpointStatus extends GateStatus {
  readonly tenant: string
  readonly endpoint: string
}

/** Holds requests back until their endpoint's limit lets them through, so that the upstream need not refuse them. */
export class Pacer {
  readonly #options: PacerOptions
  readonly #gates = new LRUCache<string, Gate>({ max: MAX_GATES })
  #waiting = 0
  readonly #waitingBy = new Map<unknown, number>()

  constructor(options: PacerOptions) {
    this.#options = options
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** What is known of the endpoints that have a limit or refused a request, those asked last first. */
  *endpoints(): Generator<EndpointStatus> {
    const now = this.#options.clock.monotonic()
    for (const [key, gate] of this.#gates) {
      const end = key.indexOf(' ')
      yield { tenant: key.slice(0, end), endpoint: key.slice(end + 1), ...gate.status(now) }
    }
  }

  /**
   * Waits for a request's turn, or gives `undefined` where there is nothing to wait for. No client may take more places in
   * the queue than are left to the others.
   * @throws {Problem} `rate-limited` at once when its turn is too far off, or there is no place
   */
  admit(endpoint: PacedEndpoint, asking: Asking): Promise<Permit> | Permit | undefined {
    const { clock, settings } = this.#options
    const { maxWait, maxQueue } = settings()
    const gate = this.#gate(endpoint)
    if (!gate) return undefined
    const now = clock.monotonic()
    if (gate.isOpen(now)) return gate.pass(now)
    const delay = gate.delay(asking, now)
    const patience = maxWait - asking.waited
    const refusal = (wait: number, why: string) => rateLimited(gate.status(now), wait, why)
    if (delay > patience) throw refusal(delay - patience, `its turn would come in ${seconds(delay)} s`)
    const own = this.#waitingBy.get(asking.client) ?? 0
    if (own >= maxQueue - this.#waiting) throw refusal(delay, `${this.#waiting} requests wait already`)
    const timedOut = (waiter: Waiter<Permit>) => waiter.reject(notInTime(gate, asking, patience, clock.monotonic()))
    const wait = gate.wait(asking, { ms: patience + GRACE, timedOut, signal: asking.signal }, now)
    return this.#counted(asking.client, wait)
  }

  /** Lets a request through at once. */
  pass(endpoint: PacedEndpoint): Permit | undefined {
    return this.#gate(endpoint)?.pass(this.#options.clock.monotonic())
  }

  /** Notes what an answer says of its endpoint. */
  answered({ key }: PacedEndpoint, turn: Permit | undefined, answer: Answer): void {
    const { clock, settings, random = Math.random } = this.#options
    const { enabled, maxWait } = settings()
    if (!enabled) {
      turn?.lost()
      return
    }
    const outcome = readOutcome(answer, { now: clock.now(), maxPause: maxWait, random })
    if (turn) turn.answered(outcome)
    else if (outcome.limit || outcome.kind !== 'served') this.#ensure(key).answered(outcome)
  }

  /** Refuses all who wait. */
  refuse(reason: Error): void {
    for (const gate of this.#gates.values()) gate.refuse(reason)
  }

  /** Forgets what is known of the endpoints. Who waits there goes on waiting. */
  forget(): void {
    this.#gates.clear()
  }

  async #counted(client: unknown, turn: Promise<Permit>): Promise<Permit> {
    this.#count(client, 1)
    try {
      return await turn
    } finally {
      this.#count(client, -1)
    }
  }

  #count(client: unknown, by: 1 | -1): void {
    const own = (this.#waitingBy.get(client) ?? 0) + by
    this.#waiting += by
    if (own > 0) this.#waitingBy.set(client, own)
    else this.#waitingBy.delete(client)
  }

  #gate({ key, declared }: PacedEndpoint): Gate | undefined {
    if (!this.#options.settings().enabled) return undefined
    return this.#gates.get(key) ?? (declared && this.#ensure(key, declared))
  }

  #ensure(key: string, limit?: Rate): Gate {
    return ensure<string, Gate>(this.#gates, key, () => new Gate(this.#options.clock, limit))
  }
}

function notInTime(gate: Gate, applicant: Applicant, patience: number, now: number): Problem {
  const why = `its turn has not come in ${seconds(patience)} s`
  return rateLimited(gate.status(now), gate.delay(applicant, now), why)
}

function rateLimited(status: GateStatus, wait: number, why: string): Problem {
  const isLimit = status.pause === 0 && status.limit !== null
  const cause = isLimit ? "The upstream's rate limit is used up" : 'The upstream refuses requests'
  return new Problem('rate-limited', `${cause} for this endpoint, and ${why}`, { retryAfter: seconds(wait) })
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
