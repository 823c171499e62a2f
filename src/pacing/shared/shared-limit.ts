import type { Fleet } from '../../fleet/fleet.ts'
import { recordName } from '../../fleet/seal.ts'
import { MAX_RETRY_AFTER } from '../../http/retry-after.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Bucket, OtherUsers } from '../bucket.ts'
import type { Limit, Rate } from '../limit.ts'
import type { Outcome } from '../outcome.ts'
import { DRAW, GIVE_BACK, REPORT, SPEND } from './scripts.ts'

/** The longest pause that is believed, in milliseconds: no response of the upstream asks for a longer one. */
const LONGEST_PAUSE = MAX_RETRY_AFTER * 1000

/** Requests that ask for tokens. */
export interface DrawRequest {
  /** How many there are. */
  readonly want: number
  /** How many others of this member are in flight. */
  readonly inFlight: number
  /** The bucket as this member believes it is, if it knows of one: for a fleet that knows none, or has forgotten it. */
  readonly believed: Bucket | undefined
  /** Whether this member went on alone since it last drew, so that the fleet does not know what it took. */
  readonly wasAlone: boolean
  readonly now: number
}

/** What the fleet grants. */
export type Drawn =
  | {
      readonly kind: 'unlimited' | 'unknown'
      /** How many of the requests may be sent. */
      readonly granted: number
      /** When to ask again for the others, in milliseconds from now. */
      readonly wait: number
    }
  | {
      readonly kind: 'limited'
      readonly granted: number
      readonly wait: number
      /** The level of the bucket after the last of the requests, with which the count in its response is compared. */
      readonly level: number
      readonly limit: Rate
      readonly tokens: number
      readonly others: OtherUsers
    }

/** A response that is reported to the fleet. */
export interface Report {
  readonly outcome: Outcome
  /** The level that was drawn for its request, if any. */
  readonly level: number | undefined
  /** How many requests of this member are in flight. */
  readonly inFlight: number
  /** Whether it was sent without the fleet. */
  readonly wasAlone: boolean
}

/** What a {@link SharedLimit} needs. */
export interface SharedLimitOptions {
  readonly fleet: Fleet
  /** Name the API and the endpoint. */
  readonly parts: readonly string[]
  /** Returns the user that the requests act for, once it is known. */
  readonly user: () => Secret | undefined
  /** Identifies who draws on the limit. In one process, each tenant does so for itself. */
  readonly drawer: string
}

/** Makes the limit of an endpoint, by its key, that a fleet shares. Calls `told` as {@link SharedLimit} does. */
export type ShareLimit = (key: string, told: (pause: number) => void) => SharedLimit

/** What is drawn while the store is down. */
const NOTHING = { others: 0, drawn: undefined }

/** The limit of an endpoint that a fleet shares. The upstream counts per user, so that it is a limit of one user. */
export class SharedLimit {
  readonly #fleet: Fleet
  readonly #drawer: string
  readonly #parts: readonly string[]
  readonly #user: () => Secret | undefined
  #known: { readonly user: Secret; readonly record: string; readonly deafen: (() => void) | undefined } | undefined
  readonly #told: (pause: number) => void
  #isClosed = false
  #isDrawing = false
  #draws = 0
  /** Whether the last draw was not enough for all requests of this member. */
  #isInLine = false
  #others = 0

  /**
   * Calls `told` with each pause that another member learns of, in milliseconds; with 0 when it is known whether there is
   * a limit, and when the store fails.
   */
  constructor({ fleet, parts, user, drawer }: SharedLimitOptions, told: (pause: number) => void) {
    this.#fleet = fleet
    this.#drawer = drawer
    this.#parts = parts
    this.#user = user
    this.#told = told
  }

  /** Whether the fleet can be asked: its store is up, and the user is known. */
  get isUp(): boolean {
    return this.#fleet.store.isWorthAsking && this.#record !== undefined
  }

  /** How many draws have begun. */
  get draws(): number {
    return this.#draws
  }

  /** Whether a draw is under way. */
  get isDrawing(): boolean {
    return this.#isDrawing
  }

  /** How many other members wait for tokens, as far as is known. A member that goes on alone waits for none. */
  get others(): number {
    return this.isUp ? this.#others : 0
  }

  /** How many members there were when the store was last up. */
  get members(): number {
    return this.#fleet.members.count
  }

  /** Stops listening to other members for good. The requests that wait or are in flight go on being shared. */
  close(): void {
    this.#isClosed = true
    this.#known?.deafen?.()
  }

  /** Draws tokens. Resolves with undefined if the store did not do it; it is down then. */
  async draw({ want, inFlight, believed, wasAlone, now }: DrawRequest): Promise<Drawn | undefined> {
    const bucket = believed
      ? [...statedBy(believed.limit(now)), believed.others.reserve, believed.others.rate, wasAlone ? 1 : 0]
      : []
    const args = [this.#drawer, inFlight, want, this.#isInLine ? 0 : 1, ...bucket]
    this.#isDrawing = true
    this.#draws++
    const answer = await this.#run(DRAW, args).catch(() => undefined)
    this.#isDrawing = false
    const { others, drawn } = answer === undefined ? NOTHING : readDrawn(answer, want)
    this.#isInLine = drawn !== undefined && drawn.granted < want
    this.#others = others
    return drawn
  }

  /** Takes a token for a request that does not wait. */
  spend(inFlight: number): void {
    this.#tell(SPEND, [this.#drawer, inFlight])
  }

  /** Returns the tokens of so many requests that were not sent. */
  giveBack(count: number, inFlight: number): void {
    this.#tell(GIVE_BACK, [this.#drawer, inFlight, count])
  }

  /** Tells the fleet what a response says about the limit. */
  report({ outcome: { kind, limit, isConclusive, pause }, level, inFlight, wasAlone }: Report): void {
    const { channel } = this.#fleet
    const stated = limit ? statedBy(limit, level) : []
    const args = [
      this.#drawer,
      inFlight,
      kind,
      isConclusive ? 1 : 0,
      pause,
      channel,
      `${this.#record} `,
      wasAlone ? 1 : 0,
      ...stated,
    ]
    this.#tell(REPORT, args)
  }

  /** The name of the limit's record, once the user is known. */
  get #record(): string | undefined {
    const user = this.#user()
    if (!user) return this.#known?.record
    if (this.#known?.user.equals(user)) return this.#known.record
    this.#known?.deafen?.()
    const record = recordName(this.#fleet.name, ...this.#parts, user)
    const listen = () => this.#fleet.hear(record, pause => this.#told(Math.min(pause, LONGEST_PAUSE)))
    this.#known = { user, record, deafen: this.#isClosed ? undefined : listen() }
    return record
  }

  #run(script: typeof DRAW, args: readonly (string | number)[]): Promise<unknown> {
    return this.#fleet.run(script, `${this.#record}`, args)
  }

  /** Nobody waits for what is told, and the next response says it again. */
  #tell(script: typeof DRAW, args: readonly (string | number)[]): void {
    this.#run(script, args).catch(() => {})
  }
}

function statedBy({ rate, burst, remaining }: Limit, level?: number): number[] {
  return [rate, burst, remaining, ...(level === undefined ? [] : [level])]
}

/** Reads what the script `DRAW` answers. What it cannot read limits nothing. */
function readDrawn(answer: unknown, want: number): { readonly others: number; readonly drawn: Drawn } {
  const [kind, ...values] = Array.isArray(answer) ? answer : []
  const numbers = values.map(Number)
  const [granted = 0, longest = 0, level = 0, rate = 0, burst = 0, tokens = 0] = numbers
  const [reserve = 0, othersRate = 0, others = 0] = numbers.slice(6)
  const wait = Math.min(longest, LONGEST_PAUSE)
  const isSound = numbers.every(Number.isFinite)
  if (isSound && kind === 'unknown') return { others, drawn: { kind, granted, wait } }
  if (isSound && kind === 'limited' && rate > 0 && burst >= 1)
    return {
      others,
      drawn: { kind, granted, wait, level, limit: { rate, burst }, tokens, others: { reserve, rate: othersRate } },
    }
  return { others: 0, drawn: { kind: 'unlimited', granted: want, wait: 0 } }
}
