import { randomUUID } from 'node:crypto'
import { Members } from './members.ts'
import { News } from './news.ts'
import { PREFIX } from './prefix.ts'
import type { Script } from './script.ts'
import { Store, type StoreOptions } from './store.ts'

/** What a {@link Fleet} needs. */
export interface FleetOptions extends StoreOptions {
  /** The name of the fleet: members with the same name share. */
  readonly name: string
  /** What this member says of itself: its name for people, and its version. */
  readonly self: { readonly name: string; readonly version: string }
  /** Returns how many requests this member has served. */
  readonly requests: () => number
}

/** The proxies that share sessions and rate limits through a store. This process is a member of it. */
export class Fleet {
  readonly name: string
  /** Identifies this process among the members. */
  readonly member = randomUUID()
  readonly store: Store
  readonly members: Members
  readonly #news = new News()

  constructor({ name, self, requests, ...options }: FleetOptions) {
    this.name = name
    const changed: StoreOptions['changed'] = (state, reason) => {
      options.changed(state, reason)
      // nobody is to wait for a store that is down
      if (state === 'down') this.#news.wakeAll()
    }
    this.store = new Store({ ...options, changed })
    this.store.listen(this.channel, this.#news.tell)
    const key = `${PREFIX}${name}:members`
    this.members = new Members({ store: this.store, clock: options.clock, key, id: this.member, self, requests })
  }

  /** The channel on which the members tell each other about records. */
  get channel(): string {
    return `${PREFIX}${this.name}:news`
  }

  /**
   * Runs a script with the record of this name.
   * @throws {StoreDown} if the store did not do it
   */
  run(script: Script, record: string, args: readonly (string | number)[]): Promise<unknown> {
    return this.store.run(script, [`${PREFIX}${this.name}:${record}`], args.map(String))
  }

  /** Calls `heard` with each number that a member tells about a record. Returns a function that ends this. */
  hear(record: string, heard: (value: number) => void): () => void {
    return this.#news.on(record, heard)
  }

  /** Leaves the fleet: the other members no longer count this one. */
  async leave(): Promise<void> {
    await this.members.leave()
    await this.store.close()
  }
}
