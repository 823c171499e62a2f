import type { Retry, Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { Session } from '../../../src/session/session.ts'
import type { Random } from '../../support/random.ts'
import type { CallWatch } from './call-watch.ts'
import type { Episode } from './faults.ts'
import { type Answer, forward } from './forward.ts'
import type { LeaseWatch } from './lease-watch.ts'
import { LEFT, type Outcome, type Refusal, type ServiceWatch } from './service-watch.ts'
import { DAY, HOUR, MINUTE, SECOND, type WorldTime } from './time.ts'
import type { Vendor } from './vendor.ts'
import type { Weather } from './weather.ts'

/** How often a client retries a failed request. */
const RETRIES = 3

/** The operations that clients request. */
const OPERATIONS = ['GET /policy', 'GET /cloud', 'GET /alert/{id}', 'POST /v2/alert', 'POST /search/config'] as const

/** How many bursts of requests are sent during a fault. */
const MEETINGS = 3

/** The fraction of clients that abort their request. */
const IMPATIENT = 0.03

export interface ClientsOptions {
  readonly time: WorldTime
  readonly random: Random
  readonly weather: Weather
  readonly vendor: Vendor
  readonly session: Session
  readonly calls: CallWatch
  readonly leases: LeaseWatch
  readonly service: ServiceWatch
}

type Operation = (typeof OPERATIONS)[number]

const OUTCOMES: Readonly<Record<Answer['status'], Outcome>> = {
  200: 'served',
  401: 'unauthorized',
  none: 'unreachable',
}

/** The programs that send requests: bursts during working hours, and little else. */
export class Clients {
  readonly #options: ClientsOptions

  constructor(options: ClientsOptions) {
    this.#options = options
  }

  /** Schedules the requests of a run of `length` milliseconds. */
  plan(length: number): void {
    const { random } = this.#options
    const pace = random.spread(8 * MINUTE, 90 * MINUTE)
    for (let midnight = 0; midnight < length; midnight += DAY) {
      if (random.chance(0.05)) this.#burst(midnight + random.between(0, 8 * HOUR))
      if (random.chance(0.2)) this.#planDay(midnight, pace, length)
    }
  }

  /** Schedules requests during a fault or soon after it. */
  meet({ from, until }: Episode): void {
    const { random } = this.#options
    const span = Math.max(until - from, 2 * MINUTE)
    for (let n = 0; n < MEETINGS; n++) this.#burst(from + random.spread(SECOND / 10, span))
  }

  #planDay(midnight: number, pace: number, length: number): void {
    const { random } = this.#options
    const evening = Math.min(length, midnight + random.between(16, 20) * HOUR)
    let when = midnight + random.between(7, 10) * HOUR
    while (when < evening) {
      this.#burst(when)
      when += random.between(0.1, 2) * pace
    }
  }

  #burst(when: number): void {
    const { time, random } = this.#options
    const size = Math.floor(random.spread(1, 7))
    const one = random.chance(0.5) ? random.pick(OPERATIONS) : undefined
    time.at(when, () => {
      if (random.chance(0.1)) this.#look()
      for (let n = 0; n < size; n++) void this.#persist(one ?? random.pick(OPERATIONS), RETRIES)
    })
  }

  /** A readiness probe. */
  #look(): void {
    const { session, service } = this.#options
    service.looked(session.peek())
  }

  async #persist(operation: Operation, retries: number): Promise<void> {
    const { time, random, weather, service } = this.#options
    const calm = weather.calm
    const outcome = await this.#request(operation)
    service.ended(outcome, calm !== undefined && calm === weather.calm)
    if (outcome === 'served' || outcome === 'left' || retries === 0) return
    time.after(random.spread(SECOND, 2 * MINUTE), () => void this.#persist(operation, retries - 1))
  }

  async #request(operation: Operation): Promise<Outcome> {
    const how = await forward<Refusal>({
      operation,
      acquire: () => this.#acquire(),
      send: lease => this.#send(lease, operation),
      invalidate: (lease, refusal) => this.#invalidate(lease, refusal),
    })
    return how === 'none' || typeof how === 'number' ? OUTCOMES[how] : how
  }

  #acquire(): Promise<Lease | Refusal> {
    const { time, random, session, service } = this.#options
    if (!random.chance(IMPATIENT)) return service.acquire(session)
    const leaving = new AbortController()
    time.after(random.spread(1, 20 * SECOND), () => leaving.abort(LEFT))
    return service.acquire(session, leaving.signal)
  }

  #invalidate(lease: Lease, refusal: Unauthorized): Retry | undefined {
    const { session, calls, service } = this.#options
    const { state } = session
    const retry = calls.during401(() => session.invalidate(lease, refusal))
    service.told401(lease, refusal, state, retry !== undefined)
    return retry
  }

  async #send(lease: Lease, operation: Operation): Promise<Answer> {
    const { time, random, leases } = this.#options
    const answer = this.#judge(lease, operation)
    await new Promise<void>(resolve => time.after(random.spread(20, SECOND), resolve))
    if (answer.status === 200) leases.served(lease, operation)
    return answer
  }

  #judge({ token }: Lease, operation: Operation): Answer {
    const { random, weather, vendor } = this.#options
    if (weather.strike('outage')) return { status: 'none', named: false }
    const forbidden = () => weather.strike('forbidden', OPERATIONS.indexOf(operation), OPERATIONS.length)
    const refusal = vendor.refusalOf(token, random.spread(1, 20)) ?? forbidden()
    if (refusal) return { status: 401, named: refusal.named }
    return { status: 200, named: false }
  }
}
