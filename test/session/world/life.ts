import { Mutex } from '../../../src/kernel/mutex.ts'
import { Secret } from '../../../src/kernel/secret.ts'
import { Session } from '../../../src/session/session.ts'
import { resolveApi } from '../../../src/stacks/resolve.ts'
import { Random } from '../../support/random.ts'
import { CallWatch } from './call-watch.ts'
import { Clients } from './clients.ts'
import { drawFault, type Episode, planFaults } from './faults.ts'
import { Findings } from './findings.ts'
import { LeaseWatch } from './lease-watch.ts'
import { IDLE_AFTER, ServiceWatch, WAIT_TIMEOUT } from './service-watch.ts'
import { DAY, HOUR, SECOND, WorldTime } from './time.ts'
import { Vendor } from './vendor.ts'
import { Weather } from './weather.ts'

const API = resolveApi('app2')

const KEY = { accessKeyId: new Secret('the key id'), secretKey: new Secret('the secret key') }

/** How many requests acquire a token shortly before the session is closed. */
const LAST_CLIENTS = 3

/** How often a call triggers a fault. */
const TEMPTATION = 0.008

/** A session in the simulated world of a seed, and its watchers. */
class Life {
  readonly #random: Random
  readonly #time: WorldTime
  readonly #findings: Findings
  readonly #weather: Weather
  readonly #leases: LeaseWatch
  readonly #calls: CallWatch
  readonly #service: ServiceWatch
  readonly #vendor: Vendor
  readonly #session: Session
  readonly #clients: Clients
  #isFaultless = false
  #isOver = false

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#time = new WorldTime(this.#random.fork())
    this.#findings = new Findings(this.#time)
    this.#leases = new LeaseWatch(this.#time, this.#findings)
    this.#calls = new CallWatch(this.#time, this.#findings)
    this.#weather = new Weather(this.#time, this.#findings, this.#random.fork(), fault => this.#begins(fault))
    this.#service = new ServiceWatch(this.#time, this.#weather, this.#findings, this.#calls, this.#leases)
    this.#vendor = this.#makeVendor()
    this.#session = this.#makeSession()
    this.#clients = this.#makeClients()
  }

  /** Runs for thirty days and a part of the next. */
  async run(): Promise<Findings> {
    const length = 30 * DAY + this.#random.between(0, 16) * HOUR
    const faults = planFaults(this.#random.fork(), length)
    this.#isFaultless = faults.length === 0
    this.#weather.plan(faults)
    this.#clients.plan(length)
    this.#time.at(length, () => this.#end())
    await this.#pass()
    return this.#findings
  }

  /** Runs the world, and reports what a timer or a call of the session throws. */
  async #pass(): Promise<void> {
    const onThrow = (error: unknown) => this.#findings.expect(false, 'there is no uncaught error', error)
    process.on('unhandledRejection', onThrow)
    await this.#time.run(() => this.#isOver || this.#findings.broken !== undefined).catch(onThrow)
    process.off('unhandledRejection', onThrow)
  }

  #makeVendor(): Vendor {
    return new Vendor(this.#time, this.#weather, this.#random.fork(), {
      began: (call, token) => {
        this.#findings.tell(`${call} …`)
        this.#calls.began(call)
        this.#leases.began(call, token)
        this.#service.began(call)
        this.#tempt()
      },
      ended: (call, outcome) => {
        this.#findings.tell(call, outcome instanceof Error ? outcome.message : outcome.lifetime)
        this.#calls.ended(outcome)
        this.#leases.ended(outcome)
      },
    })
  }

  #makeSession(): Session {
    const chance = this.#random.fork()
    return new Session({
      auth: this.#vendor,
      api: API,
      credentials: { origin: 'a seed', kind: chance.pick(['fixed', 'changing']), read: async () => KEY },
      clock: this.#time,
      mutex: new Mutex(),
      settings: () => ({ waitTimeout: WAIT_TIMEOUT, idleAfter: IDLE_AFTER }),
      random: () => chance.next(),
      events: {
        changed: (from, to) => {
          this.#findings.tell(`${from} → ${to}`)
          this.#findings.count(`state: ${to}`)
          this.#calls.changed(from, to)
          this.#service.changed(from, to)
          this.#leases.changed(to)
        },
      },
    })
  }

  #makeClients(): Clients {
    return new Clients({
      time: this.#time,
      random: this.#random.fork(),
      weather: this.#weather,
      vendor: this.#vendor,
      session: this.#session,
      calls: this.#calls,
      leases: this.#leases,
      service: this.#service,
    })
  }

  #begins(fault: Episode): void {
    this.#clients.meet(fault)
    if (fault.until > fault.from) return
    this.#findings.count(`fault: ${fault.kind}`)
    if (fault.kind === 'revoked') this.#vendor.revokeAll(fault.named)
    if (fault.kind === 'asleep') this.#time.sleep(fault.amount)
    if (fault.kind === 'clock-set') this.#time.setForward(fault.amount)
  }

  /** Sometimes adds a fault during a call or soon after it, which random times would rarely hit. */
  #tempt(): void {
    if (this.#isFaultless || !this.#random.chance(TEMPTATION)) return
    this.#weather.plan(drawFault(this.#random, this.#time.elapsed + this.#random.spread(10, 10 * SECOND)))
  }

  /** Closes the session, often while requests wait for a token. */
  #end(): void {
    const isAsked = this.#random.chance(0.8)
    for (let n = 0; isAsked && n < LAST_CLIENTS; n++) void this.#service.acquire(this.#session)
    this.#time.after(this.#random.spread(1, 5 * SECOND), () => this.#close())
  }

  #close(): void {
    this.#findings.count(`closed while ${this.#session.state}`)
    this.#session.close()
    this.#time.after(0, () => this.#closed())
  }

  #closed(): void {
    this.#findings.expect(this.#time.pending === 0, 'a closed session has no timers', this.#time.pending)
    this.#findings.expect(this.#calls.underWay === 0, 'a closed session makes no calls', this.#calls.underWay)
    this.#findings.expect(this.#service.waiting === 0, 'no request waits for a closed session', this.#service.waiting)
    this.#isOver = true
  }
}

/** Runs a session in the world of a seed, until it ends or a promise is broken. */
export function live(seed: number): Promise<Findings> {
  return new Life(seed).run()
}
