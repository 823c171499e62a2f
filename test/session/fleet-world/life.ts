import { Health } from '../../fleet/world/health.ts'
import { ShakyStore } from '../../fleet/world/shaky-store.ts'
import { MINUTE, SECOND, TrueTime } from '../../fleet/world/true-time.ts'
import { Random } from '../../support/random.ts'
import { Findings } from '../world/findings.ts'
import { CallWatch } from './call-watch.ts'
import { Clients } from './clients.ts'
import { FAULTS, type Fault } from './faults.ts'
import { IDLE_AFTER, Member } from './member.ts'
import { NEW_KEY, OLD_KEY, secretsIn } from './secrets.ts'
import { Vendor } from './vendor.ts'

/** How long after the last fault a fleet has forgotten it, in milliseconds: the longest backoff, and a call. */
const ECHO = MINUTE + 5 * SECOND

const MOST_MEMBERS = 12
/** How often a call leads to a fault during it or soon after, which random times would rarely hit. */
const TEMPTATION = 0.2

/** A fleet in the simulated world of a seed. */
export class FleetLife {
  readonly #random: Random
  readonly time: TrueTime
  readonly findings: Findings
  /** Of the store and the members. */
  readonly peace: Health
  /** Of the vendor. */
  readonly weather: Health
  readonly store: ShakyStore
  readonly vendor: Vendor
  readonly #calls: CallWatch
  readonly #clients: Clients
  readonly #members = new Set<Member>()
  readonly #setBacks: { readonly at: number; readonly ms: number }[] = []
  readonly #lifetime: number
  #joined = 0
  #isRotated = false
  #isOver = false

  constructor(seed: number) {
    const random = new Random(seed)
    this.#random = random
    this.time = new TrueTime(random.fork())
    this.findings = new Findings(this.time)
    this.peace = new Health(this.time)
    this.weather = new Health(this.time)
    this.store = new ShakyStore(this.time, random.fork())
    // sessions do not need to know who is there
    this.store.isBlind = true
    this.#lifetime =
      (random.chance(0.02) ? 15 * MINUTE : random.pick([12, 20, 30, 60]) * SECOND) + random.between(0, 999)
    this.vendor = new Vendor(this.time, random.fork(), this.#lifetime)
    this.#calls = new CallWatch(this.time, this.findings, this.peace)
    this.#clients = new Clients({
      ...this,
      random: random.fork(),
      calls: this.#calls,
      isRotated: () => this.#isRotated,
      setBack: since => this.#setBacks.filter(({ at }) => at >= since).reduce((sum, { ms }) => sum + ms, 0),
    })
  }

  /** Runs until all is over, or a promise is broken. */
  async run(): Promise<Findings> {
    const random = this.#random
    for (let n = Math.floor(random.spread(2, 9)); n > 0; n--)
      this.time.at(random.pick([0, random.between(0, SECOND)]), () => this.join())
    const life = random.spread(0.5, 2) * MINUTE
    const isFaultless = random.chance(0.1)
    if (!isFaultless) this.#plan(life)
    this.store.keep(() => this.#isOver)
    const isRejected = !isFaultless && random.chance(0.03)
    if (isRejected) this.time.at(life / 2, () => this.#disable(random.between(1, 11) * MINUTE))
    const quiet = isFaultless ? 0 : isRejected ? 23 * MINUTE : Math.max(ECHO, 1.1 * this.#lifetime)
    this.time.at(life + quiet, () => this.#converged())
    await this.#pass()
    return this.findings
  }

  pick(random: Random): Member {
    const members = [...this.#members]
    const calling = members.filter(({ name }) => this.#calls.isCalling(name))
    return random.pick((calling.length > 0 && random.chance(0.7) ? calling : members) as [Member, ...Member[]])
  }

  join(): void {
    const random = this.#random
    if (this.#members.size >= MOST_MEMBERS) return
    const name = `member-${++this.#joined}`
    const member = new Member({
      ...this,
      name,
      calls: this.#calls,
      random: random.fork(),
      secretKey: this.#isRotated ? NEW_KEY : OLD_KEY,
      wrong: { offset: random.between(-5, 5) * MINUTE, drift: random.between(-1, 1) * 1e-4 },
      storeChanged: state => {
        this.findings.tell(`${name}: the store is ${state}`)
        this.findings.count(`store: ${state}`)
        if (state === 'up') this.peace.recovers(member)
        else this.peace.fails(member)
      },
      changed: (from, to, reason) => {
        this.findings.tell(`${name}: ${from} → ${to}`, reason)
        this.findings.count(`state: ${to}`)
        const isFine = to !== 'backing-off' || this.time.elapsed - Math.max(this.peace.since, this.weather.since) < ECHO
        this.findings.expect(isFine, 'no session fails while all is well', `${name}: ${reason}`)
      },
    })
    this.#members.add(member)
    this.#clients.use(member, random.chance(0.2) ? random.spread(10, 60) * SECOND : random.spread(0.3, 5) * SECOND)
  }

  stall(member: Member, ms: number): void {
    if (member.machine.isStalled) return
    this.#count('stalled', member)
    member.machine.stall(ms)
    this.peace.fails(member.machine)
    this.time.after(ms + 1, () => this.peace.recovers(member.machine))
  }

  kill(member: Member): void {
    if (this.#members.size < 2) return
    this.#count('killed', member)
    member.machine.die()
    this.#gone(member)
  }

  leave(member: Member): void {
    if (this.#members.size < 2 || member.machine.isStalled) return
    this.#count('left', member)
    member.leave()
    this.#gone(member)
  }

  setStoreClock(ms: number): void {
    this.store.jump(ms)
    if (ms < 0) this.#setBacks.push({ at: this.time.elapsed, ms: -ms })
  }

  /** Gives the members the new key, some early and some late. */
  rotate(): void {
    if (this.#isRotated) return
    this.#isRotated = true
    for (const member of this.#members) {
      this.time.after(this.#random.spread(1, 30) * SECOND, () => {
        member.secretKey = NEW_KEY
      })
    }
  }

  #plan(life: number): void {
    const random = this.#random.fork()
    for (let n = Math.round(random.spread(1, 12)); n > 0; n--)
      this.time.at(random.between(0.05, 1) * life, () => this.#strike(random))
    this.#calls.onCall = () => {
      if (this.time.elapsed > life || !random.chance(TEMPTATION)) return
      this.time.after(random.spread(10, 4000), () => this.#strike(random))
    }
  }

  #strike(random: Random): void {
    const [name, { lasts, begin }] = random.pick(Object.entries(FAULTS) as [[string, Fault]])
    this.findings.tell(`begins: ${name}`)
    this.findings.count(name)
    const end = begin(this, random)
    if (end)
      this.time.after(lasts ? random.spread(...lasts) : 0, () => {
        this.findings.tell(`ends: ${name}`)
        end()
      })
  }

  #disable(ms: number): void {
    this.findings.count('key: disabled')
    this.weather.fails('disabled')
    for (const key of [OLD_KEY, NEW_KEY]) this.vendor.disabled.add(key)
    if (this.#random.chance(0.5)) this.vendor.revokeAll(true)
    this.time.after(ms, () => {
      this.vendor.disabled.clear()
      // it is tried again after ten minutes
      this.time.after(10 * MINUTE, () => this.weather.recovers('disabled'))
    })
  }

  #count(what: string, { name }: Member): void {
    if (this.#calls.isCalling(name)) this.findings.count(`${what} during a call`)
    this.findings.tell(`${name}: ${what}`)
  }

  #gone(member: Member): void {
    this.#members.delete(member)
    this.peace.recovers(member)
    this.peace.recovers(member.machine)
    this.peace.disturb()
  }

  /** All is well again. The members have one token for each key, and rest when nobody needs it. */
  #converged(): void {
    if (this.#calls.isBusy) return void this.time.after(SECOND / 2, () => this.#converged())
    const tokens = [...this.#members].flatMap(member => member.use() ?? [])
    const different = new Set(tokens.map(({ token }) => token.reveal()))
    const keys = new Set([...this.#members].map(({ secretKey }) => secretKey))
    this.findings.expect(different.size <= keys.size, 'in the end all members have the same token', different.size)
    if (tokens.length > 1) this.findings.count('several members converged')
    this.#clients.leave()
    const rest = IDLE_AFTER + 1.1 * this.#lifetime
    if (rest > 3 * MINUTE) this.#end()
    else this.#rest(rest)
  }

  /** Nobody uses the fleet. */
  #rest(rest: number): void {
    const gone = this.time.elapsed
    this.time.after(rest, () => {
      const late = this.#calls.lastAt - gone - IDLE_AFTER - 1000
      this.findings.expect(late < 0, 'a fleet that nobody uses makes no calls', late)
      const awake = [...this.#members].filter(({ state }) => state !== 'idle').map(({ name }) => name)
      this.findings.expect(awake.length === 0, 'a fleet that nobody uses rests', awake)
      this.findings.count('rested')
      this.#end()
    })
  }

  #end(): void {
    this.#isOver = true
    if (this.#random.chance(0.8)) return
    this.findings.count('searched for secrets')
    const shown = secretsIn(this.store, this.vendor)
    this.findings.expect(shown.length === 0, 'the store knows no secret')
  }

  /** Runs the world from its seed alone, and reports what a timer or a call of a member throws. */
  async #pass(): Promise<void> {
    const { random } = Math
    const chance = this.#random.fork()
    Math.random = () => chance.next()
    const onThrow = (error: unknown) =>
      this.findings.expect(false, 'there is no uncaught error', (error as Error).stack)
    process.on('unhandledRejection', onThrow)
    await this.time.run(() => this.#isOver || this.findings.broken !== undefined).catch(onThrow)
    process.off('unhandledRejection', onThrow)
    Math.random = random
  }
}

/** Runs a fleet in the world of a seed, until it ends or a promise is broken. */
export function live(seed: number): Promise<Findings> {
  return new FleetLife(seed).run()
}
