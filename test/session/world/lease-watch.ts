import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import type { Secret } from '../../../src/kernel/secret.ts'
import type { Unauthorized } from '../../../src/session/evidence.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { SessionState } from '../../../src/session/states.ts'
import type { Findings } from './findings.ts'
import { GRAIN, type Instant, MINUTE, SECOND, visibleAge, type WorldTime } from './time.ts'
import type { CallOutcome, VendorToken } from './vendor.ts'

/** A token is good until it has this long to live, or this part of its life, whichever is less. */
const MARGIN = { time: 5 * SECOND, part: 0.25 }

/**
 * What the session can know of its token: a 401 that gave no reason puts it in doubt. It is unclear whether one that names
 * the token then ends it: that depends on who said so.
 */
type Standing = 'good' | 'doubtful' | 'unclear' | 'dead'

/** The newest token of a session. */
interface Held {
  readonly record: VendorToken
  readonly generation: number
  /** When the call that gave it, or the refused one before that, began. */
  readonly asked: Instant
}

/**
 * Holds a session to what it promises of its tokens: none that is dead, or that it knows to be no good, leaves it, and a
 * live one is given to whoever asks, whatever happens to the calls.
 */
export class LeaseWatch {
  readonly #time: WorldTime
  readonly #findings: Findings
  #held: Held | undefined
  #standing: Standing = 'good'
  #issued = 0
  #asked: Instant
  #isFirst = false
  /** What the token has served. */
  #served = new Set<string>()
  /** When an operation was last answered 401. */
  readonly #refusedAt = new Map<string, number>()
  /** The operation because of which the next call is made, or was. */
  #raiser: string | undefined
  #isRefused = false
  #confirmedAt = Number.NEGATIVE_INFINITY

  constructor(time: WorldTime, findings: Findings) {
    this.#time = time
    this.#findings = findings
    this.#asked = this.#time.instant
  }

  /** Whether the session has a token that is good for all it can know. */
  get isServing(): boolean {
    if (!this.#held || this.#standing !== 'good') return false
    const { asked, record } = this.#held
    return (
      visibleAge(asked, this.#time.instant) + GRAIN <
      record.lifetime - Math.min(MARGIN.time, MARGIN.part * record.lifetime)
    )
  }

  /** When a call last ended that left a live token, whether it gave one or not; on the monotonic clock. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** A lease was handed out. */
  leased({ token, generation }: Lease): void {
    this.#findings.expect(generation === this.#held?.generation, 'only the newest token is handed out', generation)
    this.#findings.expect(this.#standing !== 'doubtful', 'a token in doubt is kept back')
    this.#expectAlive(token, 'handed out')
  }

  /** An operation was served with a lease. */
  served({ generation }: Lease, operation: string): void {
    if (generation === this.#held?.generation) this.#served.add(operation)
  }

  /** A 401 was told to a session that was in a state, and `isResent` says whether the request is sent again. */
  told401({ generation }: Lease, refusal: Unauthorized, state: SessionState, isResent: boolean): void {
    const { operation, named } = refusal
    const isOld = generation !== this.#held?.generation
    const isAsked = isOld || this.#standing === 'doubtful'
    const isPromised = isAsked && state !== 'closed'
    this.#findings.expect(isResent || !isPromised, 'a 401 to a token that is replaced is worth sending again')
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
    this.#findings.expect(!wasteful, 'a live token is extended, not thrown away')
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

  /** Looks for what speaks for and against a token that a 401 was answered to. */
  #judge({ operation, named, again }: Unauthorized, state: SessionState, isResent: boolean): void {
    const canAsk = state === 'ready' || state === 'authenticating'
    const isLate = this.#time.awake - (this.#refusedAt.get(operation) ?? Number.NEGATIVE_INFINITY) > MINUTE + GRAIN
    const isBelieved = isLate && (named || (canAsk && this.#served.has(operation)))
    const isUnused = this.#served.size === 0
    this.#findings.expect(isResent || !named || again || !isUnused, 'a 401 by name ends a token that never served')
    this.#findings.expect(isResent || !isBelieved, 'who was served with the token, or has it named, is believed')
    this.#findings.expect(!isResent || canAsk || named, 'no token is doubted while nobody can be asked about it')
  }

  #expectAlive(token: Secret, what: string): void {
    const { record, asked } = this.#held ?? {}
    this.#findings.expect(record?.secret === token, `a token that was let go is never ${what}`)
    this.#findings.expect(this.#standing !== 'dead', `a token that is known to be no good is never ${what}`)
    if (!record || !asked) return
    const left = record.diesAt - this.#time.elapsed + this.#hidden(asked)
    this.#findings.expect(left > 0, `a dead token is never ${what}`, `${-left} ms after its end`)
  }

  /** How much of the time since then neither clock shows: a sleep, where the wall was set back as well. */
  #hidden(since: Instant): number {
    const now = this.#time.instant
    return Math.max(0, now.elapsed - since.elapsed - visibleAge(since, now))
  }
}
