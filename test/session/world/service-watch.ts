import { Problem } from '../../../src/problem/problem.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { Session } from '../../../src/session/session.ts'
import type { SessionState } from '../../../src/session/states.ts'
import type { Findings } from './findings.ts'
import type { LeaseWatch } from './lease-watch.ts'
import { HOUR, MINUTE, SECOND, type WorldTime } from './time.ts'
import type { Weather } from './weather.ts'

/** How long a request waits for a token. */
export const WAIT_TIMEOUT = 15 * SECOND

/** After this long without a request the session rests. */
export const IDLE_AFTER = 30 * MINUTE

/** It rests when the next extension falls due; no token lives longer than this. */
const LONGEST_LIFE = HOUR

/** Fractions of milliseconds are lost on clocks. */
const GRAIN = 1

/** With this a client leaves. */
export const LEFT = new Error('the client has left')

const REJECTION = 'who asks while the key is rejected is told so at once, and nobody else'

/** How a request ended. */
export type Outcome =
  | 'served'
  | 'unauthorized'
  | 'unreachable'
  | 'unavailable'
  | 'rejected'
  | 'left'
  | 'closed'
  | 'unknown'

/** Somebody who asks for a token. */
interface Visit {
  readonly from: number
  /** What forbids to let this one wait. */
  readonly promise: string | undefined
  leftAt: number | undefined
}

/**
 * Holds a session to what it promises its clients: an answer in time, at once where it has a live token, and a good one
 * where nothing has gone wrong for long enough.
 */
export class ServiceWatch {
  readonly #time: WorldTime
  readonly #weather: Weather
  readonly #findings: Findings
  readonly #leases: LeaseWatch
  #waiting = 0
  #lastUse = 0
  /** The logins since the session last woke, and the calm in which it did. */
  #awake: { logins: number; calm: number | undefined } = { logins: 0, calm: undefined }
  /** The calm in which the token came that nobody has spoken against since. */
  #renewed: number | undefined

  constructor(time: WorldTime, weather: Weather, findings: Findings, leases: LeaseWatch) {
    this.#time = time
    this.#weather = weather
    this.#findings = findings
    this.#leases = leases
  }

  /** Requests that wait for a token. */
  get waiting(): number {
    return this.#waiting
  }

  looked(lease: Lease | undefined): void {
    if (lease) this.#leases.leased(lease)
    else this.#findings.expect(!this.#leases.isServing, 'a live token can be seen')
  }

  told401(lease: Lease, named: boolean, state: SessionState, again: boolean): void {
    this.#findings.tell(
      again ? '401, worth sending again:' : '401, kept:',
      `${lease.generation}${named ? ' by name' : ''}`,
    )
    this.#findings.count(`401${named ? ' by name' : ''}: ${again ? 'renewed' : 'kept'}`)
    this.#leases.told401(lease, named, state, again)
    if (again) this.#renewed = undefined
  }

  /** Has a session give a lease, or says how that ended. */
  async acquire(session: Session, signal?: AbortSignal): Promise<Lease | Outcome> {
    const visit = this.#arrive(session, signal)
    const lease = await session.acquire(signal).catch(outcomeOf)
    this.#leave(session, visit, lease)
    return lease
  }

  /** A request ended; `calm` if no fault was on, or could still be felt, while it lasted. */
  ended(outcome: Outcome, calm: boolean): void {
    this.#findings.count(`request: ${outcome}${calm ? ', in calm' : ''}`)
    if (!calm || outcome === 'left' || outcome === 'closed') return
    this.#findings.expect(outcome === 'served', 'once faults are over, requests are served', outcome)
  }

  changed(from: SessionState, to: SessionState): void {
    if (from === 'idle') {
      this.#awake = { logins: 0, calm: this.#weather.calm }
      this.#renewed = undefined
    }
    if (to === 'ready') this.#renewed = this.#weather.calm
    if (to === 'idle') this.#rested()
  }

  began(call: AuthCall): void {
    if (call === 'login') this.#awake.logins++
  }

  #rested(): void {
    const unused = this.#time.monotonic() - this.#lastUse
    this.#findings.expect(
      unused >= IDLE_AFTER - GRAIN,
      'a session that is used does not rest',
      `unused for ${unused} ms`,
    )
    const { logins, calm } = this.#awake
    if (calm === undefined || calm !== this.#weather.calm) return
    this.#findings.count('rest after a calm time awake')
    this.#findings.expect(logins === 1, 'without faults one login lasts until the session rests', `${logins} logins`)
  }

  #arrive(session: Session, signal?: AbortSignal): Visit {
    const visit: Visit = { from: this.#time.monotonic(), promise: this.#promiseOf(session), leftAt: undefined }
    signal?.addEventListener('abort', () => {
      visit.leftAt = this.#time.monotonic()
    })
    this.#lastUse = visit.from
    this.#waiting++
    return visit
  }

  #promiseOf({ state }: Session): string | undefined {
    const { calm } = this.#weather
    const unused = this.#time.monotonic() - this.#lastUse
    const isKnown = calm !== undefined && calm === this.#renewed
    const isDue = isKnown && unused > IDLE_AFTER + LONGEST_LIFE
    this.#findings.expect(!isDue || state === 'idle', 'a session that nobody uses rests', `unused for ${unused} ms`)
    if (this.#leases.isServing) return 'a live token is given at once'
    return isKnown && unused < IDLE_AFTER - GRAIN ? 'a session in use has a live token all the time' : undefined
  }

  #leave({ state }: Session, { from, promise, leftAt }: Visit, lease: Lease | Outcome): void {
    this.#waiting--
    const now = this.#time.monotonic()
    const waited = now - from
    const isGiven = typeof lease !== 'string'
    if (isGiven) this.#leases.leased(lease)
    else this.#refused(lease, state, waited)
    if (promise) this.#findings.expect(isGiven && waited === 0, promise, `${waited} ms`)
    this.#findings.expect(waited <= WAIT_TIMEOUT + GRAIN, 'nobody waits longer than the timeout', `${waited} ms`)
    this.#findings.expect(leftAt === undefined || leftAt === now, 'who leaves does not wait any more')
  }

  #refused(outcome: Outcome, state: SessionState, waited: number): void {
    const isRefused = outcome === 'unavailable' || outcome === 'rejected'
    const isCalling = state === 'authenticating' || state === 'backing-off'
    const isTimely = outcome !== 'unavailable' || waited >= WAIT_TIMEOUT - GRAIN
    const isSo = outcome !== 'closed' || state === 'closed'
    this.#findings.expect(outcome !== 'unknown' && isSo, 'a session says why it gives no token', outcome)
    this.#findings.expect(!isRefused || !this.#leases.isServing, 'nobody is refused beside a live token', outcome)
    this.#findings.expect(!isRefused || (outcome === 'rejected') === (state === 'rejected'), REJECTION, outcome)
    this.#findings.expect(outcome !== 'unavailable' || isCalling, 'a call is made, or due, while anybody waits', state)
    this.#findings.expect(isTimely, 'nobody is refused before the timeout', `${waited} ms`)
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error === LEFT) return 'left'
  const type = error instanceof Problem ? error.type : undefined
  if (type === 'session-unavailable') return 'unavailable'
  if (type === 'credentials-rejected') return 'rejected'
  return type === 'draining' ? 'closed' : 'unknown'
}
