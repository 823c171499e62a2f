import { type RateLimit, RateLimiter, REFILLS } from '../../../src/simulator/rate-limits.ts'
import { Health } from '../../fleet/world/health.ts'
import { START } from '../../fleet/world/machine.ts'
import { ShakyStore } from '../../fleet/world/shaky-store.ts'
import { MINUTE, SECOND, TrueTime } from '../../fleet/world/true-time.ts'
import { Findings } from '../../session/world/findings.ts'
import { Random } from '../../support/random.ts'
import { FAULTS, type FaultKind, strike } from './faults.ts'
import { judge, total } from './judge.ts'
import { type Answer, Member } from './member.ts'

/** Limits as the API has them: few requests a second, and bursts of up to some seconds. */
const LIMITS: readonly [RateLimit, ...RateLimit[]] = [
  { rate: 2, burst: 10 },
  { rate: 5, burst: 10 },
  { rate: 10, burst: 10 },
  { rate: 20, burst: 20 },
]

/** How long it takes until all members know of a pause, in milliseconds: the response, and what was on its way. */
const PAUSED = 300

/** How long the members take to find out what they share, in milliseconds. */
const START_UP = 5 * SECOND

/** A fleet that draws on one limit, in the simulated world of a seed. */
export class BudgetLife {
  readonly #random: Random
  readonly time: TrueTime
  readonly findings: Findings
  readonly peace: Health
  readonly store: ShakyStore
  readonly limit: RateLimit
  readonly #limiter: RateLimiter
  readonly #isDeclared: boolean
  readonly kind: FaultKind
  readonly members = new Set<Member>()
  readonly #ways: Random
  readonly #seconds: number
  #joined = 0
  readonly #gone = new Set<Member>()
  readonly #sent = [0, 0, 0]
  readonly #refused = [0, 0, 0]
  /** The longest time without a request, in milliseconds. */
  readonly #gaps = [0, 0, 0]
  #sentAt = 0
  #callsBefore = 0
  #pausedFrom = Number.POSITIVE_INFINITY
  #thirdServed = 0
  #isPast = false
  #isOver = false
  isUnavailable = false
  losesAll = false

  constructor(seed: number, kind: FaultKind = FAULTS[seed % FAULTS.length] as FaultKind) {
    const random = new Random(seed)
    this.#random = random
    this.kind = kind
    this.time = new TrueTime(random.fork())
    this.findings = new Findings(this.time)
    this.peace = new Health(this.time)
    this.store = new ShakyStore(this.time, random.fork())
    this.limit = random.pick(LIMITS)
    this.#seconds = Math.round(150 / this.limit.rate) + 15
    const limits: Record<string, RateLimit> = kind === 'unlimited' ? {} : { x: this.limit }
    const phase = random.between(0, 1000)
    this.#limiter = new RateLimiter({
      limits,
      refill: random.pick(REFILLS),
      now: () => START + phase + this.time.elapsed,
    })
    this.#isDeclared = kind !== 'unlimited' && random.chance(0.5)
    this.#ways = random.fork()
  }

  async run(): Promise<Findings> {
    const random = this.#random
    const count = Math.floor(random.spread(2, 9))
    for (let n = 0; n < count; n++) this.time.at(random.between(0, 0.2) * SECOND, () => this.join())
    const life = this.#seconds * SECOND
    this.findings.tell('world', JSON.stringify([this.kind, this.limit, this.#limiter.refill, count, this.#isDeclared]))
    this.findings.count(`fault: ${this.kind}`)
    strike(this, random.fork(), life / 3)
    this.time.at(START_UP, () => {
      for (const member of this.members) member.settle()
      this.#callsBefore = this.#limitCalls
    })
    this.time.at(life, () => this.#past(life))
    await this.#pass()
    return this.findings
  }

  join(): void {
    const random = this.#random
    const name = `member-${++this.#joined}`
    const member = new Member({
      ...this,
      name,
      random: random.fork(),
      declared: this.#isDeclared ? this.limit : undefined,
      wrong: { offset: random.between(-5, 5) * MINUTE, drift: random.between(-1, 1) * 1e-4 },
      upstream: of => this.#upstream(of),
      storeChanged: state => {
        this.findings.tell(`${name}: the store is ${state}`)
        this.findings.count(`store: ${state}`)
        if (state === 'up') this.peace.recovers(member)
        else this.peace.fails(member)
      },
      changed: (what, attempt) => {
        this.findings.count(`request: ${what}`)
        if (what === 'refused') this.findings.tell(`${name}: refused`, attempt)
        this.findings.expect(what !== 'failed', 'no client sees a refusal', name)
      },
    })
    this.members.add(member)
    // more than enough requests to use up the limit, from two clients
    const concurrent = Math.max(2, this.limit.rate / 2)
    for (let n = 0; n < concurrent; n++) this.#ask(member, n % 2)
  }

  #ask(member: Member, client: number): void {
    if (this.#isPast || member.machine.isDead || !this.members.has(member)) return
    member.request(client, () => {
      const pause = this.kind === 'unlimited' ? 500 : 1
      this.time.after(pause, () => this.#ask(member, client))
    })
  }

  async #upstream(member: Member): Promise<Answer> {
    const way = this.#ways.between(5, 60)
    const phase = Math.min(2, Math.floor(this.time.elapsed / this.#phase))
    count(this.#sent, phase)
    this.#gaps[phase] = Math.max(Number(this.#gaps[phase]), this.time.elapsed - this.#sentAt)
    this.#sentAt = this.time.elapsed
    member.longest = Math.max(member.longest, this.time.elapsed - member.sentAt)
    member.sentAt = this.time.elapsed
    await this.time.pause(way)
    if (this.losesAll) return undefined
    if (this.isUnavailable) {
      this.#pausedFrom = Math.min(this.#pausedFrom, this.time.elapsed)
      this.findings.expect(this.time.elapsed < this.#pausedFrom + PAUSED, 'a pause applies to all', member.name)
      await this.time.pause(way)
      return { status: 503, headers: { 'retry-after': '3' } }
    }
    const verdict = this.#limiter.take('user', 'x')
    const granted = verdict?.granted ?? true
    if (!granted) count(this.#refused, phase)
    await this.time.pause(granted ? this.#ways.between(5, 200) : way)
    const headers = Object.entries(verdict?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
    return { status: granted ? 200 : 429, headers: Object.fromEntries(headers) }
  }

  /** The length of a phase: before, during and after the fault. */
  get #phase(): number {
    return (this.#seconds * SECOND) / 3
  }

  /** Somebody else takes a part of the limit. */
  third(rate: number): void {
    if (this.#limiter.take('user', 'x')?.granted) this.#thirdServed++
    if (!this.#isPast) this.time.after((this.#ways.between(0.5, 1.5) * SECOND) / rate, () => this.third(rate))
  }

  goes(member: Member): void {
    this.members.delete(member)
    this.#gone.add(member)
    this.peace.recovers(member)
  }

  /** How many scripts were run because of the limit. */
  get #limitCalls(): number {
    return ['draw', 'spend', 'give-back', 'report'].reduce((sum, name) => sum + (this.store.runs.get(name) ?? 0), 0)
  }

  /** No client asks any more. */
  #past(life: number): void {
    this.#isPast = true
    if (this.kind === 'unlimited') {
      const calls = this.#limitCalls - this.#callsBefore
      this.findings.expect(calls === 0, 'an endpoint without a limit costs no calls of the store', calls)
    } else {
      judge(this.findings, {
        kind: this.kind,
        limit: this.limit,
        refill: this.#limiter.refill,
        seconds: life / SECOND,
        members: [...this.members],
        servedInAll: total([...this.members, ...this.#gone].map(({ served }) => served)),
        servedToOthers: this.#thirdServed,
        refused: this.#refused,
        sent: this.#sent,
        gaps: this.#gaps,
      })
    }
    this.time.after(40 * SECOND, () => this.#idle())
  }

  #idle(): void {
    const busy = [...this.members].filter(each => each.busy > 0).map(({ name, busy }) => `${name}: ${busy}`)
    this.findings.expect(busy.length === 0, 'no request waits for ever', busy)
    const dump = this.store.store.dump()
    for (const { fleet, name } of this.members) {
      const [, flying] = dump.match(new RegExp(`${fleet.member}[^[]{1,5}\\[(-?\\d+),`)) ?? []
      this.findings.count('idle member with a record', flying === undefined ? 0 : 1)
      this.findings.expect(Number(flying ?? 0) === 0, 'nothing is in flight once all is idle', `${name}: ${flying}`)
    }
    this.#isOver = true
  }

  async #pass(): Promise<void> {
    const onThrow = (error: unknown) =>
      this.findings.expect(false, 'there is no uncaught error', (error as Error).stack)
    process.on('unhandledRejection', onThrow)
    await this.time.run(() => this.#isOver || this.findings.broken !== undefined).catch(onThrow)
    process.off('unhandledRejection', onThrow)
  }
}

/** Runs a fleet in the world of a seed, until it ends or a promise is broken. */
export function live(seed: number): Promise<Findings> {
  return new BudgetLife(seed).run()
}

function count(numbers: number[], at: number): void {
  numbers[at] = Number(numbers[at]) + 1
}
