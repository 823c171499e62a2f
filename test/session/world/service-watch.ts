import { Problem } from '../../../src/problem/problem.ts'
import type { Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { Session } from '../../../src/session/session.ts'
import type { SessionState } from '../../../src/session/states.ts'
import type { CallWatch } from './call-watch.ts'
import type { Findings } from './findings.ts'
import type { LeaseWatch } from './lease-watch.ts'
import { GRAIN, HOUR, MINUTE, SECOND, type WorldTime } from './time.ts'
import type { Weather } from './weather.ts'

/** How long a request waits for a token. */
export const WAIT_TIMEOUT = 15 * SECOND

/** How long without a request the session becomes idle. */
export const IDLE_AFTER = 30 * MINUTE

/** It becomes idle when the next extension is due; no token lives longer than this. */
const LONGEST_LIFE = HOUR

/** The abort reason of a client. */
export const LEFT = new Error('the client has left')

const ANY_STATE: readonly SessionState[] = ['idle', 'authenticating', 'ready', 'backing-off', 'rejected', 'closed']

/**
 * How acquire() may end without a token, and in which states: a request that waits in vain waits for a call that is in
 * progress or due, and a rejection is reported at once.
 */
const REASONS = {
  unavailable: ['authenticating', 'backing-off'],
  rejected: ['rejected'],
  closed: ['closed'],
  left: ANY_STATE,
  unknown: [],
} as const satisfies Readonly<Record<string, readonly SessionState[]>>

/** How acquire() ended without a token. */
export type Refusal = keyof typeof REASONS

/** How a request ended. */
export type Outcome = Refusal | 'served' | 'unauthorized' | 'unreachable'

/** A call of acquire(). */
interface Visit {
  readonly from: number
  /** The promise that this call need not wait, if there is one. */
  readonly promise: string | undefined
  /** Whether an auth call was overdue and was not made. */
  isNeglected: boolean
  leftAt: number | undefined
}

/**
 * Checks a session's promises to its clients: a result in time, at once if there is a live token, and a success if
 * nothing has gone wrong for long enough.
 */
export class ServiceWatch {
  readonly #time: WorldTime
  readonly #weather: Weather
  readonly #findings: Findings
  readonly #calls: CallWatch
  readonly #leases: LeaseWatch
  #waiting = 0
  #lastUse = 0
  /** The logins since the session was last idle, and the calm at that time. */
  #awake: { logins: number; calm: number | undefined } = { logins: 0, calm: undefined }
  /** The calm in which the token was issued, if it has not got a 401 since. */
  #renewed: number | undefined

  constructor(time: WorldTime, weather: Weather, findings: Findings, calls: CallWatch, leases: LeaseWatch) {
    this.#time = time
    this.#weather = weather
    this.#findings = findings
    this.#calls = calls
    this.#leases = leases
  }

  /** Requests that wait for a token. */
  get waiting(): number {
    return this.#waiting
  }

  /** A readiness probe looked for a token. */
  looked(lease: Lease | undefined): void {
    if (lease) this.#leases.leased(lease)
    else this.#findings.expect(!this.#leases.isServing, 'a live token can be seen')
  }

  /** The session, in `state`, learnt of a 401. `isResent` says whether the request is retried. */
  told401(lease: Lease, refusal: Unauthorized, state: SessionState, isResent: boolean): void {
    const { operation, named } = refusal
    this.#findings.tell(
      isResent ? '401, worth a retry:' : '401, kept:',
      `${operation} with ${lease.generation}${named ? ' by name' : ''}`,
    )
    this.#findings.count(`401${named ? ' by name' : ''}: ${isResent ? 'renewed' : 'kept'}`)
    this.#leases.told401(lease, refusal, state, isResent)
    if (isResent) this.#renewed = undefined
  }

  /** Acquires a lease, or returns how that failed. */
  async acquire(session: Session, signal?: AbortSignal): Promise<Lease | Refusal> {
    const visit = this.#arrive(session, signal)
    const isOverdue = this.#calls.isOverdue
    const given = session.acquire(signal).catch(refusalOf)
    visit.isNeglected = isOverdue && session.state === 'backing-off'
    const lease = await given
    this.#leave(session, visit, lease)
    return lease
  }

  /** A request ended. `calm` if no fault was active, or could still have an effect, while it lasted. */
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
    const unused = this.#time.awake - this.#lastUse
    this.#findings.expect(
      unused >= IDLE_AFTER - GRAIN,
      'a session in use does not become idle',
      `unused for ${unused} ms`,
    )
    const { logins, calm } = this.#awake
    if (calm === undefined || calm !== this.#weather.calm) return
    this.#findings.count('rest after a calm time awake')
    this.#findings.expect(
      logins === 1,
      'without faults one login lasts until the session becomes idle',
      `${logins} logins`,
    )
  }

  #arrive({ state }: Session, signal?: AbortSignal): Visit {
    const from = this.#time.awake
    const promise = this.#promiseTo(state, from - this.#lastUse)
    const visit: Visit = { from, promise, isNeglected: false, leftAt: undefined }
    signal?.addEventListener('abort', () => {
      visit.leftAt = this.#time.awake
    })
    this.#lastUse = from
    this.#waiting++
    return visit
  }

  /** The promise to a caller of a session that was unused for a time, if there is one. */
  #promiseTo(state: SessionState, unused: number): string | undefined {
    const { calm } = this.#weather
    const isCalm = calm !== undefined && calm === this.#renewed
    const mustRest = isCalm && unused > IDLE_AFTER + LONGEST_LIFE
    this.#findings.expect(!mustRest || state === 'idle', 'an unused session becomes idle', `unused for ${unused} ms`)
    if (this.#leases.isServing) return 'a live token is returned at once'
    return isCalm && unused < IDLE_AFTER - GRAIN ? 'a session in use has a live token all the time' : undefined
  }

  #leave({ state }: Session, { from, promise, isNeglected, leftAt }: Visit, lease: Lease | Refusal): void {
    this.#waiting--
    const now = this.#time.awake
    const waited = now - from
    const isGiven = typeof lease !== 'string'
    if (isGiven) this.#leases.leased(lease)
    else this.#refused(lease, state, from)
    if (promise) this.#findings.expect(isGiven && waited < GRAIN, promise, `${waited} ms`)
    this.#findings.expect(waited <= WAIT_TIMEOUT + GRAIN, 'no request waits longer than the timeout', `${waited} ms`)
    this.#findings.expect(
      !isNeglected || waited < GRAIN,
      'a call that was due during a sleep is made with the next request',
    )
    this.#findings.expect(leftAt === undefined || now - leftAt < GRAIN, 'an aborted request does not wait')
  }

  #refused(outcome: Refusal, state: SessionState, from: number): void {
    const reasons: readonly SessionState[] = REASONS[outcome]
    this.#findings.expect(reasons.includes(state), 'no request fails without a reason', `${outcome}, but ${state}`)
    if (outcome === 'left') return
    const waited = this.#time.awake - from
    const isTimely = outcome !== 'unavailable' || waited >= WAIT_TIMEOUT - GRAIN
    const isForgotten = outcome !== 'closed' && this.#leases.confirmedAt >= from
    this.#findings.expect(isTimely, 'no request fails before the timeout', `${waited} ms`)
    this.#findings.expect(!isForgotten, 'a waiting request is served when a call ends with a live token', outcome)
  }
}

function refusalOf(error: unknown): Refusal {
  if (error === LEFT) return 'left'
  const type = error instanceof Problem ? error.type : undefined
  if (type === 'session-unavailable') return 'unavailable'
  if (type === 'credentials-rejected') return 'rejected'
  return type === 'draining' ? 'closed' : 'unknown'
}
