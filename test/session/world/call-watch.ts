import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { SessionState } from '../../../src/session/states.ts'
import type { Findings } from './findings.ts'
import { GRAIN, type Instant, MINUTE, SECOND, visibleAge, type WorldTime } from './time.ts'
import type { CallOutcome } from './vendor.ts'

/** The most calls in a minute that 401s may cause. */
const MOST_CALLS = 20

const NOT_TOO_MANY = `401s cause no more than ${MOST_CALLS} calls in a minute`

/** A call is postponed if a new token is rejected at once. */
const PUT_OFF = 'a postponed call is made within a minute'

/** How long a rejected key is not tried again. */
const PROBE = 10 * MINUTE

/** The longest wait after a first failure, and after any. */
const BACKOFF = { first: SECOND / 2, longest: MINUTE }

/** When the next call is allowed. */
interface Due {
  readonly since: Instant
  /** At least this long after `since`, by the clock that advanced further. */
  readonly least: number
  /** At most this long after `since`, without the time that the machine slept. */
  readonly most: number
  readonly why: string
}

/**
 * Checks a session's promises about auth calls: one at a time, no calls while a key is rejected or the auth service
 * asks to wait, and no call without a reason.
 */
export class CallWatch {
  readonly #time: WorldTime
  readonly #findings: Findings
  #underWay = 0
  #failures = 0
  #due: Due | undefined
  #extension = 0
  #isExtension = false
  /** When 401s last caused calls. */
  readonly #caused: Instant[] = []
  #isPutOff = false
  #in401 = false
  #backoff: { from: number; ceiling: number } | undefined

  constructor(time: WorldTime, findings: Findings) {
    this.#time = time
    this.#findings = findings
  }

  /** The number of auth calls in progress. */
  get underWay(): number {
    return this.#underWay
  }

  /** Whether the next call should have been made by now, as far as a machine that has slept can tell. */
  get isOverdue(): boolean {
    return this.#due !== undefined && visibleAge(this.#due.since, this.#time.instant) > this.#due.most + GRAIN
  }

  /** Reports a 401 to the session with `invalidate`, which causes any call that begins meanwhile. */
  during401<T>(invalidate: () => T): T {
    this.#in401 = true
    try {
      return invalidate()
    } finally {
      this.#in401 = false
    }
  }

  changed(from: SessionState, to: SessionState): void {
    if (to === 'ready') this.#failures = 0
    if (to === 'authenticating') this.#called(from)
    if (to === 'backing-off' && from === 'authenticating') this.#failures++
    if (to === 'backing-off' && from === 'ready') this.#putOff()
  }

  began(call: AuthCall): void {
    this.#findings.expect(this.#underWay++ === 0, 'one auth call at a time', call)
    this.#expectDue()
    if (call === 'extend' && this.#isExtension) {
      const early = this.#extension - this.#time.awake
      this.#findings.expect(early <= GRAIN, 'a token is extended late in its lifetime', `${early} ms too early`)
    }
    this.#noteBackoff()
  }

  ended(outcome: CallOutcome): void {
    this.#underWay--
    this.#due = undefined
    if (!(outcome instanceof AuthFailure)) {
      this.#extension = this.#time.awake + earliestExtension(outcome.lifetime)
    } else if (outcome.nature === 'refused') {
      this.#await(0, 0, 'a login follows at once if an extension is refused')
    } else if (outcome.nature === 'rejected') {
      this.#await(PROBE, PROBE, 'a rejected key is tried again after ten minutes')
    } else {
      this.#backOff(outcome.retryAfter)
    }
  }

  #called(from: SessionState): void {
    this.#isExtension = from === 'ready' && !this.#in401
    if (this.#in401 || this.#isPutOff) this.#caused401()
    this.#isPutOff = false
  }

  #caused401(): void {
    this.#findings.count('call caused by a 401')
    this.#caused.push(this.#time.instant)
    if (this.#caused.length <= MOST_CALLS) return
    const [first] = this.#caused.splice(0, 1) as [Instant]
    const passed = visibleAge(first, this.#time.instant)
    this.#findings.expect(passed >= MINUTE - GRAIN, NOT_TOO_MANY, `${passed} ms`)
  }

  #putOff(): void {
    this.#isPutOff = true
    this.#findings.count('call put off after a 401')
    this.#await(0, MINUTE, PUT_OFF)
  }

  #backOff(retryAfter: number): void {
    const ceiling = Math.min(BACKOFF.longest, BACKOFF.first * 2 ** this.#failures)
    this.#await(retryAfter, Math.max(retryAfter, ceiling), 'a failed call is retried when allowed, and soon')
    if (retryAfter === 0) this.#backoff = { from: this.#time.awake, ceiling }
  }

  #await(least: number, most: number, why: string): void {
    this.#due = { since: this.#time.instant, least, most, why }
  }

  #expectDue(): void {
    if (!this.#due) return
    const { since, least, most, why } = this.#due
    const now = this.#time.instant
    const [passed, awake] = [visibleAge(since, now), now.monotonic - since.monotonic]
    this.#findings.expect(passed >= least - GRAIN, why, `after ${passed} ms, not ${least}`)
    this.#findings.expect(awake <= most + GRAIN, why, `after ${awake} ms, not ${most}`)
  }

  #noteBackoff(): void {
    if (!this.#backoff) return
    this.#findings.count('backoff: waited', this.#time.awake - this.#backoff.from)
    this.#findings.count('backoff: longest wait', this.#backoff.ceiling)
    this.#backoff = undefined
  }
}

/**
 * How soon after it arrived a token may be extended: at half its lifetime or three minutes before it expires, minus 10
 * %.
 */
function earliestExtension(lifetime: number): number {
  return Math.max(lifetime / 2, lifetime - 3 * MINUTE) - 0.1 * lifetime
}
