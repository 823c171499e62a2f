import type { Random } from '../../support/random.ts'
import type { Episode, FaultKind } from './faults.ts'
import type { Findings } from './findings.ts'
import { MINUTE, SECOND, type WorldTime } from './time.ts'

/** How long after a fault a session may still feel it: its longest backoff, or its spacing of 401s, and then its calls. */
const ECHO = MINUTE + 20 * SECOND

/** The same where the key was rejected: it is tried again every ten minutes. */
const PROBE = 10 * MINUTE

/** The faults of a world as they come and go. */
export class Weather {
  readonly #time: WorldTime
  readonly #findings: Findings
  readonly #random: Random
  readonly #begins: (episode: Episode) => void
  readonly #active = new Map<FaultKind, Episode>()
  #begun = 0
  #calmFrom = 0

  /** `begins` is told of each fault, and has it happen where it happens in an instant. */
  constructor(time: WorldTime, findings: Findings, random: Random, begins: (episode: Episode) => void) {
    this.#time = time
    this.#findings = findings
    this.#random = random
    this.#begins = begins
  }

  /** Has faults come and go. */
  plan(episodes: readonly Episode[]): void {
    for (const episode of episodes) this.#time.at(episode.from, () => this.#begin(episode))
  }

  /** The fault of a kind that is on and hits this time; of so many targets, it hits the first ones alone. */
  strike(kind: FaultKind, target = 0, targets = 1): Episode | undefined {
    const episode = this.#active.get(kind)
    if (!episode || !this.#random.chance(episode.share * targets - target)) return undefined
    this.#findings.count(`fault: ${kind}`)
    return episode
  }

  /**
   * A number while no fault is on and none can be felt any more: the same one for as long as that lasts. Else
   * `undefined`.
   */
  get calm(): number | undefined {
    return this.#active.size === 0 && this.#time.awake >= this.#calmFrom ? this.#begun : undefined
  }

  /** Of a kind there is one at a time: the next takes the place of the one before. */
  #begin(episode: Episode): void {
    const { kind, from, until, amount } = episode
    this.#begun++
    this.#findings.tell(`begins: ${kind}`, amount || '')
    const former = this.#active.get(kind)
    if (former) this.#end(former)
    this.#active.set(kind, episode)
    this.#begins(episode)
    if (until === from) this.#end(episode)
    else this.#time.at(until, () => this.#end(episode))
  }

  #end(episode: Episode): void {
    if (this.#active.get(episode.kind) !== episode) return
    this.#active.delete(episode.kind)
    this.#findings.tell(`ends: ${episode.kind}`)
    this.#echo(episode)
  }

  /** It is over; but the session's own waits, which its own clock counts, may still be to come. */
  #echo({ kind, amount }: Episode): void {
    const wait = kind === 'disabled' ? PROBE : kind === 'throttled' ? amount : 0
    this.#calmFrom = Math.max(this.#calmFrom, this.#time.awake + wait + ECHO)
  }
}
