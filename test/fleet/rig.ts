import type { Test } from 'tap'
import { Fleet } from '../../src/fleet/fleet.ts'
import type { StoreConnection, StoreConnectionEvents } from '../../src/fleet/store-connection.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { LuaStore } from '../support/lua-store.ts'

/** What a store does to one script: answer at once, fail, answer after so many milliseconds, or never answer. */
export type Behaviour = 'good' | 'refuses' | 'hangs' | { readonly after: number }

/** A store in this process, and what goes wrong with it. */
export class TestStore {
  readonly store: LuaStore
  /** Asked before each script, with the number of the member. */
  behaviour: (member: number) => Behaviour = () => 'good'
  /** Whether a message reaches a member. */
  isHeard: () => boolean = () => true
  /** All that members said to the store and to each other. */
  readonly traffic: string[] = []
  /** How far the store's clock is ahead, in milliseconds. */
  time = 0
  readonly #clock: Clock
  readonly #connections = new Set<StoreConnectionEvents>()
  #isThere = true
  #members = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.store = new LuaStore(() => clock.now() + this.time)
  }

  /** Ends all connections. None can be made until {@link TestStore.return}. */
  leave(): void {
    this.#isThere = false
    for (const { lost } of this.#connections) lost('connection refused')
  }

  /** Lets members connect again. */
  return(): void {
    this.#isThere = true
    for (const { connected } of this.#connections) connected()
  }

  /** Has somebody else write the outcomes of all shared sessions. */
  tamper(sealed: string): void {
    this.store.edit(hash => hash.has('sealed') && hash.set('sealed', sealed))
  }

  /** Connects a member. */
  readonly connect = (events: StoreConnectionEvents): StoreConnection => {
    const clock = this.#clock
    const deafen: (() => void)[] = []
    const member = this.#members++
    this.#connections.add(events)
    clock.setTimeout(() => (this.#isThere ? events.connected() : events.lost('connection refused')), 1)
    return {
      run: async (script, keys, args) => {
        if (!this.#isThere) throw new Error('the connection is closed')
        const behaviour = this.behaviour(member)
        if (behaviour === 'refuses') throw new Error('OOM command not allowed')
        this.traffic.push(JSON.stringify([script.name, keys, args]))
        const answer = this.store.run(script, keys, args)
        if (behaviour === 'hangs') return new Promise(() => {})
        if (behaviour !== 'good') await new Promise<void>(resolve => clock.setTimeout(resolve, behaviour.after))
        return answer
      },
      listen: (channel, heard) => {
        deafen.push(
          this.store.subscribe((to, message) => {
            this.traffic.push(`${to} ${message}`)
            if (to === channel && this.#isThere && this.isHeard()) clock.setTimeout(() => heard(message), 1)
          }),
        )
      },
      close: async () => {
        this.#connections.delete(events)
        for (const stop of deafen) stop()
      },
    }
  }
}

/** Makes a member of the fleet `test` that leaves at the end of the test. `told` gets what its log would say. */
export function member(t: Test, store: TestStore, clock: Clock, name: string, told: string[] = []): Fleet {
  const fleet = new Fleet({
    name: 'test',
    clock,
    connect: store.connect,
    explain: error => (error as Error).message,
    changed: (state, reason) => told.push(`${state}: ${reason}`),
    random: () => 0.5,
    self: { name, version: '1.2.3' },
    requests: () => 7,
  })
  t.teardown(() => fleet.leave())
  return fleet
}
