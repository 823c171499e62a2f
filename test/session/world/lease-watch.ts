import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import type { Secret } from '../../../src/kernel/secret.ts'
import type { Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { SessionState } from '../../../src/session/states.ts'
import type { Findings } from './findings.ts'
import { GRAIN, type Instant, MINUTE, SECOND, visibleAge, type WorldTime } from './time.ts'
import type { CallOutcome, VendorToken } from './vendor.ts'

/**
 * How long before its expiry a token is no longer sent: this time, or this fraction of its lifetime, whichever is less.
 */
const MARGIN = { time: 5 * SECOND, part: 0.25 }

/**
 * What the session can know about its token. A 401 without a reason makes it doubtful; a further 401 that names the
 * token makes it unclear, because the effect depends on the operation.
 */
type Standing = 'good' | 'doubtful' | 'unclear' | 'dead'

/** The newest token of a session. */
interface Held {
  readonly record: VendorToken
  readonly generation: number
  /** When the call that returned it began, or the refused call before that. */
  readonly asked: Instant
}

/**
 * Checks a session's promises about tokens: it never hands out one that is expired or known to be invalid, and always
 * hands out a live one, whatever happens to the calls.
 */
export class LeaseWatch {
  readonly #time: WorldTime
  readonly #findings: Findings
  #held: Held | undefined
  #standing: Standing = 'good'
  #issued = 0
  #asked: Instant
  #isFirst = false
  /** The operations that were served with the token. */
  #served = new Set<string>()
  /** When an operation last got a 401. */
  readonly #refusedAt = new Map<string, number>()
  /** The operation that caused the next call, or the current one. */
  #raiser: string | undefined
  #isRefused = false
  #confirmedAt = Number.NEGATIVE_INFINITY

  constructor(time: WorldTime, findings: Findings) {
    this.#time = time
    this.#findings = findings
    this.#asked = this.#time.instant
  }

  /** Whether the session has a token that is valid as far as it can know. */
  get isServing(): boolean {
    if (!this.#held || this.#standing !== 'good') return false
    const { asked, record } = this.#held
    return (
      visibleAge(asked, this.#time.instant) + GRAIN <
      record.lifetime - Math.min(MARGIN.time, MARGIN.part * record.lifetime)
    )
  }

  /** When a call last ended with a live token, new or old; on the monotonic clock. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** A lease was handed out. */
  leased({ token, generation }: Lease): void {
    this.#findings.expect(generation === this.#held?.generation, 'only the newest token is handed out', generation)
    this.#findings.expect(this.#standing !== 'doubtful', 'a token in doubt is withheld')
    this.#expectAlive(token, 'handed out')
  }

  /** An operation was served with a lease. */
  served({ generation }: Lease, operation: string): void {
    if (generation === this.#held?.generation) this.#served.add(operation)
  }

  /** The session, in `state`, learnt of a 401. `isResent` says whether the request is retried. */
  told401({ generation }: Lease, refusal: Unauthorized, state: SessionState, isResent: boolean): void {
    const { operation, named } = refusal
    const isOld = generation !== this.#held?.generation
    const isAsked = isOld || this.#standing === 'doubtful'
    const isPromised = isAsked && state !== 'closed'
    this.#findings.expect(isResent || !isPromised, 'a 401 for a replaced token is worth a retry')
    const isServing = this.isServing
    if (isServing && !isOld) this.#judge(refusal, state, isResent)
    this.#refusedAt.set(operation, this.#time.awake)
    if (isOld || !isResent) return
    if (isServing) this.#raiser = operation
    if (isServing) this.#standing = named || this.#isRefused ? 'dead' : 'doubtful'
    else if (named && this.#standing === 'doubtful') this.#standing = 'unclear'
  }

  changed(to: SessionState): void {
    if (to === 'authenticating') {
      this.#asked = this.#time.instant
      this.#isFirst = true
      if (this.#raiser) this.#refusedAt.set(this.#raiser, this.#time.awake)
    }
    if (to === 'idle' || to === 'closed') this.#held = undefined
  }

  began(call: AuthCall, token: Secret | undefined): void {
    if (token) this.#expectAlive(token, 'extended')
    const wasteful = call === 'login' && this.#isFirst && this.isServing
    this.#findings.expect(!wasteful, 'a live token is extended, not discarded')
    this.#isFirst = false
  }

  ended(outcome: CallOutcome): void {
    if (!(outcome instanceof AuthFailure)) {
      this.#held = { record: outcome, generation: ++this.#issued, asked: this.#asked }
      this.#standing = 'good'
      this.#served = new Set()
      this.#isRefused = false
    } else {
      if (outcome.nature === 'refused') this.#isRefused = true
      if (this.#standing === 'doubtful') this.#standing = outcome.nature === 'refused' ? 'dead' : 'good'
    }
    if (this.isServing) this.#confirmedAt = this.#time.awake
  }

  /** Checks the verdict on a token after a 401. */
  #judge({ operation, named, again }: Unauthorized, state: SessionState, isResent: boolean): void {
    const canAsk = state === 'ready' || state === 'authenticating'
    const isLate = this.#time.awake - (this.#refusedAt.get(operation) ?? Number.NEGATIVE_INFINITY) > MINUTE + GRAIN
    const isBelieved = isLate && (named || (canAsk && this.#served.has(operation)))
    const isUnused = this.#served.size === 0
    this.#findings.expect(
      isResent || !named || again || !isUnused,
      'a 401 that names the token drops one that never served',
    )
    this.#findings.expect(
      isResent || !isBelieved,
      'a 401 after a served request, or one that names the token, causes a check',
    )
    this.#findings.expect(!isResent || canAsk || named, 'no token is in doubt while no call can check it')
  }

  #expectAlive(token: Secret, what: string): void {
    const { record, asked } = this.#held ?? {}
    this.#findings.expect(record?.secret === token, `a discarded token is never ${what}`)
    this.#findings.expect(this.#standing !== 'dead', `a token known to be invalid is never ${what}`)
    if (!record || !asked) return
    const left = record.diesAt - this.#time.elapsed + this.#hidden(asked)
    this.#findings.expect(left > 0, `an expired token is never ${what}`, `${-left} ms after it expired`)
  }

  /** The time since `since` that neither clock shows: a sleep during which the wall clock was set back. */
  #hidden(since: Instant): number {
    const now = this.#time.instant
    return Math.max(0, now.elapsed - since.elapsed - visibleAge(since, now))
  }
}
