import type { Clock, Timer } from '../kernel/clock.ts'
import { script } from './script.ts'
import type { Store } from './store.ts'

/** How often a member says that it is there, in milliseconds. */
const INTERVAL = 2_000

/** After how long a member that has not said so is gone, in milliseconds. */
const GONE = 10_000

/** The latest time that a `Date` can express, in milliseconds since the epoch. */
const LATEST = 8.64e15

/**
 * Notes that a member is there, and lists all that are. Arguments: the id, what it says of itself, and after how long a
 * member is gone. Answers a list of id and what it says, in turns.
 */
const ANNOUNCE = script(
  'announce',
  `
local text = redis.call('GET', KEYS[1])
local all = text and cjson.decode(text) or {}
all[ARGV[1]] = { now, ARGV[2] }
local list = {}
for id, entry in pairs(all) do
  local age = now - entry[1]
  if age > tonumber(ARGV[3]) or age < 0 then
    all[id] = nil
  else
    list[#list + 1] = id
    list[#list + 1] = entry[2]
  end
end
redis.call('SET', KEYS[1], cjson.encode(all), 'PX', ARGV[3])
return list
`,
)

/** Notes that a member leaves. Argument: the id. */
const LEAVE = script(
  'leave',
  `
local text = redis.call('GET', KEYS[1])
local all = text and cjson.decode(text) or {}
if all[ARGV[1]] == nil then return 0 end
all[ARGV[1]] = nil
redis.call('SET', KEYS[1], cjson.encode(all), 'KEEPTTL')
return 1
`,
)

/** The most members to believe in: nobody may fill the status by writing to the store. */
const MOST = 1_000

/** A member of the fleet. */
export interface Member {
  readonly id: string
  readonly name: string
  readonly version: string
  /** When the member started, in milliseconds since the epoch by its own clock. */
  readonly startedAt: number
  /** How many requests it has served. */
  readonly requests: number
  /** When the member last logged in or extended a session, in milliseconds since the epoch by its own clock; 0 if never. */
  readonly renewedAt: number
}

/** What {@link Members} needs. */
export interface MembersOptions {
  readonly store: Store
  readonly clock: Clock
  /** The key of the list in the store. */
  readonly key: string
  readonly id: string
  readonly self: { readonly name: string; readonly version: string }
  readonly requests: () => number
}

/** The members of the fleet, as last seen. Announces this one, and keeps the last list while the store is down. */
export class Members {
  readonly #options: MembersOptions
  readonly #startedAt: number
  #others: readonly Member[] = []
  #renewedAt = 0
  #timer: Timer | undefined
  #hasLeft = false

  constructor(options: MembersOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
    this.#announceLater(0)
  }

  /** All members that were there when the store was last asked, this one included. */
  get all(): readonly Member[] {
    return [this.#self(), ...this.#others].sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  /** The number of members, at least 1. */
  get count(): number {
    return 1 + this.#others.length
  }

  /** Notes that this member has logged in or extended a session. */
  renewed(): void {
    this.#renewedAt = this.#options.clock.now()
  }

  /** Stops announcing this member, and takes it off the list. */
  async leave(): Promise<void> {
    this.#hasLeft = true
    const { store, clock, key, id } = this.#options
    if (this.#timer) clock.clearTimeout(this.#timer)
    if (store.state === 'up') await store.run(LEAVE, [key], [id]).catch(() => {})
  }

  async #announce(): Promise<void> {
    const { store, key, id } = this.#options
    try {
      const list = await store.run(ANNOUNCE, [key], [id, JSON.stringify(this.#self()), `${GONE}`])
      this.#others = readMembers(list).filter(member => member.id !== id)
    } catch {
      // the store is down, and says so itself
    }
    if (!this.#hasLeft) this.#announceLater(INTERVAL)
  }

  #announceLater(ms: number): void {
    this.#timer = this.#options.clock.setTimeout(() => void this.#announce(), ms)
  }

  #self(): Member {
    const { id, self, requests } = this.#options
    return { id, ...self, startedAt: this.#startedAt, requests: requests(), renewedAt: this.#renewedAt }
  }
}

/** Reads the answer of {@link ANNOUNCE}. Leaves out what is not a member, in case others write there, too. */
function readMembers(list: unknown): Member[] {
  const entries = Array.isArray(list) ? list.filter((_, at) => at % 2 === 1).slice(0, MOST) : []
  return entries.flatMap(text => {
    try {
      const member: Partial<Member> = JSON.parse(text)
      const { id, name, version, startedAt, requests, renewedAt } = member
      const texts = [id, name, version].every(each => typeof each === 'string')
      const numbers = [startedAt, requests, renewedAt].every(
        each => typeof each === 'number' && each >= 0 && each <= LATEST,
      )
      return texts && numbers ? [member as Member] : []
    } catch {
      return []
    }
  })
}
