import { AuthFailure } from '../../../src/auth/auth-failure.ts'
import type { AuthCall } from '../../../src/session/report.ts'
import type { Health } from '../../fleet/world/health.ts'
import { MINUTE, SECOND, type TrueTime } from '../../fleet/world/true-time.ts'
import type { Findings } from '../world/findings.ts'
import type { CallOutcome, Vendor, VendorToken } from './vendor.ts'

/** How far the clocks of machines differ from true time in the longest wait, in milliseconds. */
const GRAIN = 200

/** How long a rejected key is not tried again, in milliseconds. */
const PROBE = 10 * MINUTE

/** An auth call that a member begins. */
export interface Begun {
  readonly member: string
  readonly call: AuthCall
  readonly key: string
  readonly signal: AbortSignal | undefined
}

/** An auth call with an access key. */
interface Made {
  /** When it began, or the extension that it follows because that was refused. */
  readonly at: number
  readonly member: string
}

/** How the last auth call with an access key ended. */
interface Last {
  readonly call: Made
  readonly at: number
  readonly outcome: CallOutcome
}

/** What is known of the calls with one access key. */
interface KeyCalls {
  readonly underWay: Set<Made>
  last: Last | undefined
  token: { readonly record: VendorToken; readonly call: Made; readonly at: number } | undefined
}

/** Checks what a fleet promises about auth calls while nothing disturbs it: one at a time, and none that is not needed. */
export class CallWatch {
  readonly #time: TrueTime
  readonly #findings: Findings
  readonly #peace: Health
  readonly #keys = new Map<string, KeyCalls>()
  /** When the turns of members began whose extension was refused. */
  readonly #refused = new Map<string, number>()
  /** When the last call began. */
  lastAt = 0
  /** Called when a call begins. */
  onCall: () => void = () => {}

  /** `peace` is of the store and the members: without it, each member may call for itself. */
  constructor(time: TrueTime, findings: Findings, peace: Health) {
    this.#time = time
    this.#findings = findings
    this.#peace = peace
  }

  /** The token of a key that all members must have by now, if there is one. */
  newest(key: string): VendorToken | undefined {
    const { token } = this.#of(key)
    const isTold = token && token.call.at > this.#peace.since && this.#time.elapsed - token.at > 2 * SECOND
    return isTold ? token.record : undefined
  }

  /** Whether a call is under way, or has been a moment ago. */
  get isBusy(): boolean {
    const recent = this.#time.elapsed - SECOND
    return [...this.#keys.values()].some(({ underWay, last }) => underWay.size > 0 || (last && last.at > recent))
  }

  /** Whether a call of a member is under way. */
  isCalling(name: string): boolean {
    return [...this.#keys.values()].some(({ underWay }) => [...underWay].some(({ member }) => member === name))
  }

  /** Notes a call of a member. Returns what is to be told how it ends. */
  began({ member, call, key, signal }: Begun, vendor: Vendor): (outcome: CallOutcome) => void {
    const now = this.#time.elapsed
    const of = this.#of(key)
    const made = { at: (call === 'login' && this.#refused.get(member)) || now, member }
    this.#refused.delete(member)
    this.#findings.tell(`${member}: ${call} …`, key)
    this.#findings.count(`call: ${call}`)
    this.lastAt = now
    const others = [...of.underWay].filter(({ at }) => at > this.#peace.since)
    this.#findings.expect(
      others.length === 0,
      'one auth call at a time',
      others.map(each => each.member),
    )
    if (of.last && of.last.call.at > this.#peace.since) this.#expectDue(of.last, vendor, now)
    of.underWay.add(made)
    // others may call then, whatever the vendor makes of it
    const over = () => void of.underWay.delete(made)
    signal?.addEventListener('abort', over)
    this.onCall()
    return outcome => {
      signal?.removeEventListener('abort', over)
      over()
      this.#findings.tell(`${member}: ${call}`, outcome instanceof Error ? outcome.message : outcome.lifetime)
      if (!signal?.aborted) of.last = { call: made, at: this.#time.elapsed, outcome }
      if (outcome instanceof AuthFailure && outcome.nature === 'refused') this.#refused.set(member, made.at)
      if (!(outcome instanceof AuthFailure) && !signal?.aborted)
        of.token = { record: outcome, call: made, at: this.#time.elapsed }
      // its member may have made it for itself
      if (!(made.at > this.#peace.since)) this.#peace.disturb()
    }
  }

  #expectDue({ at, outcome, call }: Last, vendor: Vendor, now: number): void {
    this.#findings.count('call in peace')
    if (!(outcome instanceof AuthFailure)) {
      // during a rotation a call waits for that of the other session, and its token counts as older than it is
      if (outcome.issuedAt <= vendor.revokedAt || this.#keys.size > 1) return
      const early = outcome.lifetime * 0.4 - (now - call.at)
      this.#findings.expect(early <= GRAIN, 'a token is renewed once, late in its lifetime', `${early} ms too early`)
    } else if (outcome.nature === 'rejected') {
      const early = PROBE - (now - at)
      this.#findings.count('rejected key tried again')
      this.#findings.expect(early <= GRAIN, 'a rejected key is tried every ten minutes', `${early} ms too early`)
    } else if (outcome.nature === 'transient') {
      const early = outcome.retryAfter - (now - at)
      this.#findings.expect(early <= GRAIN, 'no call before the auth service allows it', `${early} ms too early`)
    }
  }

  #of(key: string): KeyCalls {
    const known = this.#keys.get(key)
    if (known) return known
    const made: KeyCalls = { underWay: new Set(), last: undefined, token: undefined }
    this.#keys.set(key, made)
    return made
  }
}
