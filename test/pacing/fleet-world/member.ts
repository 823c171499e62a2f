import { Fleet } from '../../../src/fleet/fleet.ts'
import { EndController } from '../../../src/kernel/end-signal.ts'
import { Secret } from '../../../src/kernel/secret.ts'
import type { Rate } from '../../../src/pacing/limit.ts'
import { Pacer } from '../../../src/pacing/pacer.ts'
import type { Permit } from '../../../src/pacing/permit.ts'
import { SharedLimit } from '../../../src/pacing/shared/shared-limit.ts'
import { Machine, type Wrong } from '../../fleet/world/machine.ts'
import type { ShakyStore } from '../../fleet/world/shaky-store.ts'
import type { TrueTime } from '../../fleet/world/true-time.ts'
import type { Random } from '../../support/random.ts'

/** How often a request is sent at most, as the forwarder does. */
const ATTEMPTS = 4

const USER = new Secret('the-user-of-the-tenant')

/** A response of the upstream, or undefined if there was none. */
export type Answer = { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined

/** What a member of a fleet is made of. */
export interface MemberOptions {
  readonly name: string
  readonly time: TrueTime
  readonly random: Random
  readonly store: ShakyStore
  readonly declared: Rate | undefined
  readonly wrong: Wrong
  readonly upstream: (member: Member) => Promise<Answer>
  readonly storeChanged: (state: 'up' | 'down') => void
  readonly changed: (what: 'refused' | 'served' | 'failed', attempt: number) => void
}

/** A proxy of a fleet that paces the requests to one endpoint. */
export class Member {
  readonly name: string
  readonly machine: Machine
  readonly fleet: Fleet
  readonly #options: MemberOptions
  readonly #pacer: Pacer
  /** How many requests were served. */
  served = 0
  /** How many of them when all members had found out what they share. */
  servedEarly = 0
  /** When one was last sent. */
  sentAt: number
  /** The longest time without one, in milliseconds. */
  longest = 0
  /** How many requests are on their way, or wait. */
  busy = 0

  constructor(options: MemberOptions) {
    const { name, time, random, store, wrong } = options
    const machine = new Machine(time, wrong)
    this.#options = options
    this.name = name
    this.machine = machine
    this.sentAt = time.elapsed
    this.fleet = new Fleet({
      name: 'a-fleet',
      clock: machine,
      connect: store.connector(machine),
      explain: error => String(error),
      changed: options.storeChanged,
      random: () => random.next(),
      self: { name, version: '1.2.3' },
      requests: () => 7,
    })
    this.#pacer = new Pacer({
      clock: machine,
      settings: () => ({ enabled: true, maxWait: 30_000, maxQueue: 1000 }),
      random: () => random.next(),
      share: (key, told) =>
        new SharedLimit(
          { fleet: this.fleet, parts: ['an api', key], user: () => USER, drawer: this.fleet.member },
          told,
        ),
    })
  }

  /** Sends a request for a client, again and again if the upstream refuses it. Calls `over` if the machine lives so long. */
  request(client: number, over: () => void): void {
    this.busy++
    this.machine.enter(async () => {
      const outcome = await this.#persist(client)
      this.#options.changed(outcome, 0)
      this.busy--
      over()
    })
  }

  /** Notes that the members have found out what they share. */
  settle(): void {
    this.servedEarly = this.served
    this.longest = 0
  }

  leave(): void {
    void this.fleet.leave().then(() => this.machine.die())
  }

  async #persist(client: number): Promise<'served' | 'failed'> {
    const { declared, upstream, changed } = this.#options
    const endpoint = { key: 'default GET /x', declared }
    const signal = new EndController('the client has left')
    let waited = 0
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const asked = this.machine.monotonic()
      const request = { client, returned: attempt > 0, waited, signal }
      let permit: Permit | undefined
      try {
        permit = await this.#pacer.admit(endpoint, request)
      } catch {
        return 'failed'
      }
      waited += this.machine.monotonic() - asked
      const answer = await this.machine.receive(upstream(this))
      if (!answer) {
        permit?.lost()
        return 'served'
      }
      const { status, headers } = answer
      this.#pacer.answered(endpoint, permit, { status, header: name => headers[name], attempt })
      if (status === 200) {
        this.served++
        return 'served'
      }
      changed('refused', attempt)
    }
    return 'failed'
  }
}
