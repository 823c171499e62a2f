import { LRUCache } from 'lru-cache'
import type { Clock } from '../kernel/clock.ts'
import type { EndSignal } from '../kernel/end-signal.ts'
import { ensure } from '../kernel/ensure.ts'
import { Gate } from './gate.ts'
import type { GateStatus } from './gate-status.ts'
import type { Rate } from './limit.ts'
import { type Answer, readOutcome } from './outcome.ts'
import type { Permit, PermitRequest } from './permit.ts'
import type { PermitLimits } from './permit-queue.ts'
import { notInTime, queueFull, rateLimited, tooLong } from './rate-limited.ts'
import type { ShareLimit } from './shared/shared-limit.ts'

/**
 * How many endpoints are remembered, with a limit or without: ten of a thousand tenants. What is known about a limit must
 * not be forgotten because many endpoints without one are in use.
 */
const MAX_GATES = 10_000

/**
 * How much longer than its limit a request waits, in milliseconds: a permit in the last millisecond is still in time,
 * and if a gate's timer fires early, it is set again for a millisecond later.
 */
const GRACE = 2

/** The settings of a {@link Pacer}. */
export interface PacerSettings {
  readonly enabled: boolean
  /** The longest wait of a request, in milliseconds. */
  readonly maxWait: number
  /** The most waiting requests, over all endpoints. */
  readonly maxQueue: number
}

/** What a {@link Pacer} needs. */
export interface PacerOptions {
  readonly clock: Clock
  /** Called whenever a setting is needed, so that a reload takes effect. */
  readonly settings: () => PacerSettings
  /** Returns a number in [0, 1) for jitter. Default: `Math.random`. */
  readonly random?: () => number
  /** Shares the limits with a fleet. Without it, nothing is shared. */
  readonly share?: ShareLimit
}

/** An endpoint of a tenant, which has a rate limit of its own. */
export interface PacedEndpoint {
  /** The tenant's and the endpoint's name, separated by a space. */
  readonly key: string
  /** The documented limit, which applies until the upstream states another. */
  readonly declared: Rate | undefined
}

/** A request that asks the {@link Pacer} for a permit. */
export interface AdmissionRequest extends PermitRequest {
  /** How long the request has already waited, in milliseconds. */
  readonly waited: number
  /** Aborts when the request ends. */
  readonly signal: EndSignal
}

/** What is known about an endpoint of a tenant. */
export interface EndpointStatus extends GateStatus {
  readonly tenant: string
  readonly endpoint: string
}

/** Delays requests until the rate limit of their endpoint allows them, so that the upstream does not refuse them. */
export class Pacer {
  readonly #options: PacerOptions
  readonly #gates = new LRUCache<string, Gate>({ max: MAX_GATES, dispose: gate => gate.close() })
  /** The gates where requests wait, of endpoints that may have been forgotten. */
  readonly #occupied = new Set<Gate>()
  #waiting = 0
  readonly #waitingBy = new Map<unknown, number>()

  constructor(options: PacerOptions) {
    this.#options = options
  }

  /** The number of waiting requests, over all endpoints. */
  get waiting(): number {
    return this.#waiting
  }

  /** Lists at most `max` endpoints where requests have a limit, waited or were refused, most recently used first. */
  *endpoints(max = Number.POSITIVE_INFINITY): Generator<EndpointStatus> {
    const now = this.#options.clock.monotonic()
    let listed = 0
    for (const [key, gate] of this.#gates) {
      const status = gate.status(now)
      const { limit, waiting, counts } = status
      if (!limit && waiting + counts.waits + counts.refusals === 0) continue
      if (++listed > max) return
      const end = key.indexOf(' ')
      yield { tenant: key.slice(0, end), endpoint: key.slice(end + 1), ...status }
    }
  }

  /**
   * Returns a permit, or a promise of one if the request must wait, or `undefined` if pacing is off or the endpoint has
   * no limit. A client may take no more places in the queue than it leaves for others. While it is unknown whether there
   * is a limit, requests wait beside the queue, and are never refused because of it.
   * @throws {Problem} `rate-limited` at once if the wait would be too long or the queue is full; a promise rejects with
   *   it after the longest wait
   */
  admit(endpoint: PacedEndpoint, request: AdmissionRequest): Promise<Permit | undefined> | Permit | undefined {
    return this.#admit(endpoint, request, true)
  }

  /** Grants a permit at once. Returns `undefined` in the same cases as {@link Pacer.admit}. */
  pass(endpoint: PacedEndpoint): Permit | undefined {
    return this.#gate(endpoint)?.pass(this.#options.clock.monotonic())
  }

  /** Notes what a response says about its endpoint. `permit` is that of the request, if it needed one. */
  answered({ key }: PacedEndpoint, permit: Permit | undefined, answer: Answer): void {
    const { clock, settings, random = Math.random } = this.#options
    const { enabled, maxWait } = settings()
    if (!enabled) {
      permit?.lost()
      return
    }
    const outcome = readOutcome(answer, { now: clock.now(), maxPause: maxWait, random })
    if (permit) permit.answered(outcome)
    else if (outcome.limit || outcome.kind !== 'served') this.#ensure(key).answered(outcome)
  }

  /** Rejects all waiting requests. */
  refuse(reason: Error): void {
    for (const gate of this.#occupied) gate.refuse(reason)
  }

  /** Forgets all endpoints. Requests that wait there go on waiting. */
  forget(): void {
    this.#gates.clear()
  }

  /**
   * `isNew` is false for a request that has waited until the limit was known: it need not fit into the queue. Nor need one
   * that only asks the store of a fleet.
   */
  #admit(
    endpoint: PacedEndpoint,
    request: AdmissionRequest,
    isNew: boolean,
  ): Promise<Permit | undefined> | Permit | undefined {
    const gate = this.#gate(endpoint)
    if (!gate) return undefined
    const now = this.#options.clock.monotonic()
    const isOpen = gate.isOpen(now)
    if (isOpen && !gate.isShared(now)) return gate.pass(now)
    if (gate.isUnknown) return this.#waitUntilKnown(endpoint, gate, request, now)
    return isNew && !isOpen ? this.#waitInQueue(gate, request, now) : this.#waitForTurn(gate, request, now)
  }

  /**
   * Waits until it is known whether the endpoint has a limit, and asks again. If that takes too long, the request goes:
   * nothing says that there is a limit.
   */
  async #waitUntilKnown(
    endpoint: PacedEndpoint,
    gate: Gate,
    request: AdmissionRequest,
    now: number,
  ): Promise<Permit | undefined> {
    const { clock } = this.#options
    const limits = this.#limits(request, waiter => waiter.resolve(gate.pass(clock.monotonic())))
    const permit = await this.#waitAt(gate, request, limits, now)
    if (permit) return permit
    return this.#admit(endpoint, { ...request, waited: request.waited + clock.monotonic() - now }, false)
  }

  #waitInQueue(gate: Gate, request: AdmissionRequest, now: number): Promise<Permit | undefined> {
    const { maxQueue } = this.#options.settings()
    const own = this.#waitingBy.get(request.client) ?? 0
    if (own >= maxQueue - this.#waiting)
      throw rateLimited(gate.status(now), gate.delay(request, now), queueFull(this.#waiting))
    return this.#counted(request.client, this.#waitForTurn(gate, request, now))
  }

  #waitForTurn(gate: Gate, request: AdmissionRequest, now: number): Promise<Permit | undefined> {
    const { clock, settings } = this.#options
    const longest = settings().maxWait - request.waited
    const delay = gate.delay(request, now)
    if (delay > longest) throw rateLimited(gate.status(now), delay - longest, tooLong(delay))
    const limits = this.#limits(request, waiter => waiter.reject(notInTime(gate, request, longest, clock.monotonic())))
    return this.#waitAt(gate, request, limits, now)
  }

  #limits({ waited, signal }: AdmissionRequest, timedOut: PermitLimits['timedOut']): PermitLimits {
    return { ms: this.#options.settings().maxWait - waited + GRACE, timedOut, signal }
  }

  /** Waits at a gate, which is not lost meanwhile, even if its endpoint is forgotten. */
  async #waitAt(gate: Gate, request: PermitRequest, limits: PermitLimits, now: number): Promise<Permit | undefined> {
    this.#occupied.add(gate)
    try {
      return await gate.wait(request, limits, now)
    } finally {
      if (!gate.isOccupied) this.#occupied.delete(gate)
    }
  }

  async #counted<T>(client: unknown, wait: Promise<T>): Promise<T> {
    this.#count(client, 1)
    try {
      return await wait
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
    const gate = this.#ensure(key, declared)
    return gate.isUnlimited ? undefined : gate
  }

  #ensure(key: string, limit?: Rate): Gate {
    return ensure<string, Gate>(this.#gates, key, () => {
      const { clock, share } = this.#options
      return new Gate(clock, limit, share && (told => share(key, told)))
    })
  }
}
