import { Problem } from '../../../src/problem/problem.ts'
import type { Lease } from '../../../src/session/lease.ts'
import type { Health } from '../../fleet/world/health.ts'
import { MINUTE, SECOND, type TrueTime } from '../../fleet/world/true-time.ts'
import type { Random } from '../../support/random.ts'
import type { Findings } from '../world/findings.ts'
import { forward } from '../world/forward.ts'
import type { CallWatch } from './call-watch.ts'
import { type Member, WAIT_TIMEOUT } from './member.ts'
import { LATENCY, type Vendor } from './vendor.ts'

/** How far timers and the ways to the store make a wait longer, in milliseconds. */
const GRAIN = 20

/** How long the store may keep a request waiting, in milliseconds. */
const STORE_DEADLINE = 100

/** How long a member that died during a call has the right to it, and how often others look, in milliseconds. */
const TAKEOVER = 5 * SECOND + SECOND / 2

/** How long a member waits for its first connection, in milliseconds. */
const PATIENCE = 2 * SECOND

/** For how long the vendor must have been well, in milliseconds, so that no session backs off any more. */
const ECHO = MINUTE + LATENCY

export interface ClientsOptions {
  readonly time: TrueTime
  readonly random: Random
  readonly findings: Findings
  readonly vendor: Vendor
  readonly calls: CallWatch
  /** Whether the vendor is well. */
  readonly weather: Health
  readonly peace: Health
  /** Whether the access key has been rotated. */
  readonly isRotated: () => boolean
  /** By how many milliseconds the store's clock was set back since a time. */
  readonly setBack: (since: number) => number
}

/** How a request got its token, or did not. */
type Refusal = 'rejected' | 'unavailable' | 'closed'

/** The clients of the members of a fleet, and what they find. */
export class Clients {
  readonly #options: ClientsOptions
  #areGone = false

  constructor(options: ClientsOptions) {
    this.#options = options
  }

  /** No further request is sent. */
  leave(): void {
    this.#areGone = true
  }

  /** Sends requests to a member again and again, at this pace in milliseconds. */
  use(member: Member, pace: number): void {
    const { time, random } = this.#options
    if (this.#areGone || member.machine.isDead) return
    member.machine.enter(() => void this.#request(member))
    time.after(random.between(0.1, 2) * pace, () => this.use(member, pace))
  }

  async #request(member: Member): Promise<void> {
    const { findings } = this.#options
    const outcome = await forward<Refusal>({
      operation: 'GET /x',
      acquire: async () => member.use() ?? (await this.#acquire(member)),
      send: lease => this.#send(member, lease),
      invalidate: (lease, { named, again }) => member.invalidate(lease, named, again),
    })
    findings.count(`request: ${outcome}`)
  }

  async #acquire(member: Member): Promise<Lease | Refusal> {
    const { time, weather, peace, findings } = this.#options
    const from = time.elapsed
    const { stalled } = member.machine
    const [wasIdle, store, isCalm, isPeace] = [
      member.state === 'idle',
      member.fleet.store.state,
      from - weather.since > ECHO,
      from > peace.since,
    ]
    let refusal: Refusal | undefined
    let lease: Lease | undefined
    try {
      lease = await member.acquire()
    } catch (error) {
      const { type } = error as Problem
      refusal = type === 'credentials-rejected' ? 'rejected' : type === 'draining' ? 'closed' : 'unavailable'
      findings.expect(error instanceof Problem, 'a request fails with a problem', error)
    }
    const waited = time.elapsed - from - (member.machine.stalled - stalled)
    // a session that replaces another one during a rotation lets it wait anew
    const timeout = this.#options.isRotated() ? 2 * WAIT_TIMEOUT : WAIT_TIMEOUT
    findings.expect(waited <= timeout + GRAIN, 'a request waits no longer than the timeout', `${waited} ms`)
    if (!isCalm || !(time.elapsed - weather.since > ECHO) || refusal === 'closed') return lease ?? (refusal as Refusal)
    const who = `${member.name}: ${waited} ms, ${refusal}`
    findings.expect(refusal === undefined, 'no request fails while the vendor is well', who)
    const most = LATENCY + TAKEOVER + 2 * STORE_DEADLINE + PATIENCE + LATENCY + GRAIN
    findings.expect(waited <= most, 'a request gets a token soon, whoever dies', who)
    if (wasIdle && store === 'down') {
      findings.count('waited without a store')
      findings.expect(waited <= LATENCY + STORE_DEADLINE + GRAIN, 'a store that is down delays nobody', who)
    }
    if (wasIdle && isPeace && from > peace.since) {
      findings.count('waited in peace')
      findings.expect(waited <= 2 * LATENCY + GRAIN, 'a request waits for one call of one member', who)
    }
    return lease as Lease
  }

  async #send(member: Member, lease: Lease) {
    const { time, random, vendor, calls, findings, setBack } = this.#options
    const now = time.elapsed
    const record = vendor.recordOf(lease.token)
    const late = now - record.diesAt
    if (late >= 0) findings.count('expired token sent after the clock of the store was set back')
    findings.expect(late < setBack(record.issuedAt), 'no expired token is sent', `${member.name}: ${late} ms late`)
    const newest = calls.newest(record.key)
    if (newest) findings.count('sent in peace')
    findings.expect(!newest || newest === record, 'all members use the newest token', member.name)
    const refusal = vendor.refusalOf(lease.token)
    await member.machine.receive(time.pause(random.spread(10, 300)))
    return refusal ? ({ status: 401, named: refusal.named } as const) : ({ status: 200, named: false } as const)
  }
}
