import type { Script } from '../../../src/fleet/script.ts'
import type { ConnectStore, StoreConnectionEvents } from '../../../src/fleet/store-connection.ts'
import { LuaStore } from '../../support/lua-store.ts'
import type { Random } from '../../support/random.ts'
import { type Machine, START } from './machine.ts'
import type { TrueTime } from './true-time.ts'

/** The fractions of calls and messages that something happens to. */
export interface Losses {
  /** The store never sees the call. */
  readonly request: number
  /** The store does it, and its answer is lost. */
  readonly reply: number
  /** The answer comes late, after 60 to 400 ms. */
  readonly late: number
  /** A message does not reach a member. */
  readonly news: number
}

/** How often its state is kept, in milliseconds. */
const KEEP = 4000

export const NO_LOSSES: Losses = { request: 0, reply: 0, late: 0, news: 0 }

interface Connection {
  readonly machine: Machine
  readonly events: StoreConnectionEvents
  isOpen: boolean
  isCut: boolean
  /** When the last call arrived, and the last answer: neither overtakes the one before it. */
  arrival: number
  reply: number
}

/** The store of a fleet, and the ways to it: calls get lost, it goes away, and it comes back with less than it had. */
export class ShakyStore {
  readonly #time: TrueTime
  readonly #random: Random
  readonly #connections = new Map<Machine, Connection>()
  readonly store: LuaStore
  /** All that was said to the store and by it, but for who is there. */
  readonly traffic = new Set<string>()
  /** How many times each script was run. */
  readonly runs = new Map<string, number>()
  losses: Losses = NO_LOSSES
  /** Whether it accepts calls and never answers. */
  isHung = false
  /** Whether it does not say who is there: a world needs much time for that. */
  isBlind = false
  /** How many reasons there are for it not to be there. */
  #away = 0
  #offset = 0
  #kept: (() => void)[] = []

  constructor(time: TrueTime, random: Random) {
    this.#time = time
    this.#random = random
    this.store = new LuaStore(() => START + this.#offset + time.elapsed)
  }

  /** Sets the store's clock forward, or back for a negative `ms`. */
  jump(ms: number): void {
    this.#offset += ms
  }

  /** Keeps its state again and again, for {@link ShakyStore.olderState}. */
  keep(isOver: () => boolean): void {
    this.#kept = [...this.#kept.slice(-1), this.store.keep()]
    if (!isOver()) this.#time.after(KEEP, () => this.keep(isOver))
  }

  /** Returns to the state of some seconds ago, as a failover to a replica does. */
  get olderState(): () => void {
    return this.#kept[0] ?? (() => {})
  }

  /** Ends all connections until {@link ShakyStore.return}. */
  leave(): void {
    this.#away++
    for (const each of this.#connections.values()) this.#lose(each)
  }

  return(): void {
    if (--this.#away > 0) return
    for (const each of this.#connections.values()) this.#reconnect(each)
  }

  /** Ends the connection of one machine until {@link ShakyStore.mend}. */
  cut(machine: Machine): void {
    const connection = this.#connections.get(machine)
    if (!connection) return
    connection.isCut = true
    this.#lose(connection)
  }

  mend(machine: Machine): void {
    const connection = this.#connections.get(machine)
    if (!connection) return
    connection.isCut = false
    this.#reconnect(connection)
  }

  /** Returns what a machine connects with. */
  connector(machine: Machine): ConnectStore {
    return events => {
      const connection = { machine, events, isOpen: false, isCut: false, arrival: 0, reply: 0 }
      this.#connections.set(machine, connection)
      this.#reconnect(connection, 10)
      return {
        run: (script, keys, args) => this.#call(connection, script, keys, args),
        listen: (channel, heard) => {
          this.store.subscribe((to, message) => {
            this.traffic.add(`${to} ${message}`)
            if (to !== channel || !connection.isOpen || this.#random.chance(this.losses.news)) return
            this.#time.after(this.#way(), () => machine.enter(() => heard(message)))
          })
        },
        close: async () => void this.#connections.delete(machine),
      }
    }
  }

  #lose(connection: Connection): void {
    connection.isOpen = false
    connection.machine.enter(() => connection.events.lost('connection refused'))
  }

  /** Connects within a second or so, as a client that tries again and again does. */
  #reconnect(connection: Connection, most = 1500): void {
    this.#time.after(this.#random.between(1, most), () => {
      if (this.#away > 0 || connection.isCut || connection.isOpen || connection.machine.isDead) return
      connection.isOpen = true
      connection.machine.enter(() => connection.events.connected())
    })
  }

  async #call(connection: Connection, script: Script, keys: readonly string[], args: readonly string[]) {
    const { machine } = connection
    if (!connection.isOpen) throw new Error('the connection is closed')
    const { request, reply, late } = this.losses
    const [isUnseen, isUnheard, isLate] = [request, reply, late].map(each => this.#random.chance(each))
    connection.arrival = Math.max(connection.arrival, this.#time.elapsed + this.#way())
    return machine.receive(
      new Promise((resolve, reject) => {
        this.#time.at(connection.arrival, () => {
          if (isUnseen || this.isHung || this.#away > 0 || connection.isCut) return
          const answer = this.#run(script, keys, args)
          const slow = isLate ? this.#random.between(60, 400) : 0
          connection.reply = Math.max(connection.reply, this.#time.elapsed + slow + this.#way())
          if (isUnheard) return
          this.#time.at(connection.reply, () => {
            if (connection.isOpen) resolve(answer)
            else reject(new Error('the connection was lost'))
          })
        })
      }),
    )
  }

  #run(script: Script, keys: readonly string[], args: readonly string[]): unknown {
    if (this.isBlind && script.name === 'announce') return []
    this.runs.set(script.name, (this.runs.get(script.name) ?? 0) + 1)
    const answer = this.store.run(script, keys, args)
    if (script.name !== 'announce') this.traffic.add(JSON.stringify([script.name, keys, args, answer]))
    return answer
  }

  #way(): number {
    return this.#random.spread(0.1, 2)
  }
}
