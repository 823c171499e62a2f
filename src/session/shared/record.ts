import { randomUUID } from 'node:crypto'
import type { Fleet } from '../../fleet/fleet.ts'
import type { Script } from '../../fleet/script.ts'
import type { Seal } from '../../fleet/seal.ts'
import type { Clock } from '../../kernel/clock.ts'
import { type Claim, readClaim } from './claim.ts'
import { type OpenedOutcome, type Outcome, readOutcome } from './outcome.ts'
import { CLAIM, GO_ON, SETTLE } from './scripts.ts'

/**
 * How long a member may make a call without saying that it goes on, in milliseconds. Then it counts as dead, and another
 * makes the call.
 */
export const TURN = 5_000

/** How often a member says that its call goes on, in milliseconds. */
const PULSE = 1_000

/** The latest outcomes that the sessions of a tenant know, by the name of the record: the generation, and since when. */
export type KnownOutcomes = Map<string, { readonly generation: number; readonly since: number }>

/** An outcome with the milliseconds that it was valid when it was new, and those that are left of them. */
export interface StoredOutcome {
  readonly outcome: Outcome
  readonly life: number
  readonly left: number
}

/** What {@link SharedRecord} needs. */
export interface SharedRecordOptions {
  readonly fleet: Fleet
  readonly seal: Seal
  readonly clock: Clock
  readonly known: KnownOutcomes
}

/** The record of an access key in the store of a fleet, as one session sees it. */
export class SharedRecord {
  readonly #options: SharedRecordOptions
  /** Identifies this session among those of the fleet: of one process, several may have the same access key. */
  readonly #caller = randomUUID()

  constructor(options: SharedRecordOptions) {
    this.#options = options
  }

  /** The number of the latest outcome that the sessions of this tenant know; 0 if they know none. */
  get known(): number {
    return this.#options.known.get(this.#name)?.generation ?? 0
  }

  /** Notes that the sessions of this tenant know the outcome of this number. */
  learn(generation: number): void {
    this.#options.known.set(this.#name, { generation, since: this.#options.clock.monotonic() })
  }

  /** Calls `heard` with the number of each outcome that a member tells of, and 0 when the store goes down. */
  hear(heard: (generation: number) => void): () => void {
    return this.#options.fleet.hear(this.#name, heard)
  }

  /** Asks for an outcome newer than the known one, or for the right to make a call. Undefined if the store is down. */
  claim(): Promise<Claim | undefined> {
    return this.#claim(TURN)
  }

  /** Asks for an outcome newer than the known one, without claiming a call if there is none. Undefined if the store is down. */
  look(): Promise<Claim | undefined> {
    return this.#claim(0)
  }

  /** What another member has sealed; undefined if no member has. */
  open(sealed: string): OpenedOutcome | undefined {
    return readOutcome(this.#options.seal.open(sealed))
  }

  /** Says again and again that the call goes on, which is claimed. Returns a function that ends this. */
  goOn(): () => void {
    const { clock } = this.#options
    const pulse = () => {
      void this.#run(GO_ON, [this.#caller, TURN])
      timer = clock.setTimeout(pulse, PULSE)
    }
    let timer = clock.setTimeout(pulse, PULSE)
    return () => clock.clearTimeout(timer)
  }

  /**
   * Ends the call that was claimed at this generation, and stores its outcome for the others, unless it is null. Resolves
   * with whether it counts: another may have been stored since the call began. Undefined if the store is down.
   */
  async settle(generation: number, stored: StoredOutcome | null): Promise<boolean | undefined> {
    const { fleet, seal } = this.#options
    const { outcome, life, left } = stored ?? { outcome: null, life: 0, left: 0 }
    const sealed = outcome ? seal.close(outcome) : ''
    const args = [this.#caller, generation, this.known, sealed, life, left, fleet.channel, `${this.#name} `]
    const answer = await this.#run(SETTLE, args)
    if (typeof answer === 'string') this.learn(Number(answer))
    return answer === undefined ? undefined : answer !== null
  }

  async #claim(turn: number): Promise<Claim | undefined> {
    const age = this.#options.clock.monotonic() - (this.#options.known.get(this.#name)?.since ?? 0)
    return readClaim(await this.#run(CLAIM, [this.#caller, this.known, turn, age]))
  }

  #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    return this.#options.fleet.run(script, this.#name, args).catch(() => undefined)
  }

  get #name(): string {
    return this.#options.seal.name
  }
}
