import type { Lease } from '../../../src/session/lease.ts'
import type { Session } from '../../../src/session/session.ts'
import type { CallWatch } from './call-watch.ts'
import type { Episode } from './faults.ts'
import type { LeaseWatch } from './lease-watch.ts'
import type { Random } from './random.ts'
import { LEFT, type Outcome, type Refusal, type ServiceWatch } from './service-watch.ts'
import { DAY, HOUR, MINUTE, SECOND, type WorldTime } from './time.ts'
import type { Vendor } from './vendor.ts'
import type { Weather } from './weather.ts'

/** How often a client tries again that got no good answer. */
const RETRIES = 3

/** How many bursts of requests meet a fault. */
const MEETINGS = 3

/** The part of the clients that do not wait for an answer. */
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

/** An answer of the vendor's API. */
interface Answer {
  readonly status: 200 | 401 | 'none'
  readonly named: boolean
}

/** The programs that send requests: bursts in the working hours, and little else. */
export class Clients {
  readonly #options: ClientsOptions

  constructor(options: ClientsOptions) {
    this.#options = options
  }

  /** Plans the requests of a life of `length` milliseconds. */
  plan(length: number): void {
    const { random } = this.#options
    const pace = random.spread(8 * MINUTE, 90 * MINUTE)
    for (let midnight = 0; midnight < length; midnight += DAY) {
      if (random.chance(0.05)) this.#burst(midnight + random.between(0, 8 * HOUR))
      if (random.chance(0.2)) this.#planDay(midnight, pace, length)
    }
  }

  /** Has requests come while a fault lasts, or soon after, so that it is met. */
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
    time.at(when, () => {
      if (random.chance(0.1)) this.#look()
      for (let n = 0; n < size; n++) void this.#persist(RETRIES)
    })
  }

  /** Somebody asks whether the proxy is ready. */
  #look(): void {
    const { session, service } = this.#options
    service.looked(session.peek())
  }

  async #persist(retries: number): Promise<void> {
    const { time, random, weather, service } = this.#options
    const calm = weather.calm
    const outcome = await this.#request()
    service.ended(outcome, calm !== undefined && calm === weather.calm)
    if (outcome === 'served' || outcome === 'left' || retries === 0) return
    time.after(random.spread(SECOND, 2 * MINUTE), () => void this.#persist(retries - 1))
  }

  /** A request as the forwarder sends it: once more with a renewed session where the first was answered 401. */
  async #request(): Promise<Outcome> {
    const lease = await this.#acquire()
    if (typeof lease === 'string') return lease
    const first = await this.#send(lease)
    if (first.status !== 401 || !this.#invalidate(lease, first.named)) return outcomeOf(first)
    const renewed = await this.#acquire()
    return typeof renewed === 'string' ? renewed : outcomeOf(await this.#send(renewed))
  }

  #acquire(): Promise<Lease | Refusal> {
    const { time, random, session, service } = this.#options
    if (!random.chance(IMPATIENT)) return service.acquire(session)
    const leaving = new AbortController()
    time.after(random.spread(1, 20 * SECOND), () => leaving.abort(LEFT))
    return service.acquire(session, leaving.signal)
  }

  #invalidate(lease: Lease, named: boolean): boolean {
    const { session, calls, service } = this.#options
    const { state } = session
    const again = calls.during401(() => session.invalidate(lease, named))
    service.told401(lease, named, state, again)
    return again
  }

  async #send(lease: Lease): Promise<Answer> {
    const { time, random, leases } = this.#options
    const answer = this.#judge(lease)
    await new Promise<void>(resolve => time.after(random.spread(20, SECOND), resolve))
    if (answer.status === 200) {
      lease.isAccepted = true
      leases.accepted(lease)
    }
    return answer
  }

  #judge({ token }: Lease): Answer {
    const { random, weather, vendor } = this.#options
    if (weather.strike('outage')) return { status: 'none', named: false }
    const refusal = vendor.refusalOf(token, random.spread(1, 20)) ?? weather.strike('forbidden')
    if (refusal) return { status: 401, named: refusal.named }
    return { status: 200, named: false }
  }
}

function outcomeOf({ status }: Answer): Outcome {
  return status === 200 ? 'served' : status === 401 ? 'unauthorized' : 'unreachable'
}
