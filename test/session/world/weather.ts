import type { Random } from '../../support/random.ts'
import type { Episode, FaultKind } from './faults.ts'
import type { Findings } from './findings.ts'
import { MINUTE, SECOND, type WorldTime } from './time.ts'

/** How long a fault may affect a session after its end: the longest backoff or cooldown, and the calls after that. */
const ECHO = MINUTE + 20 * SECOND

/** How long a rejected key affects a session: it is tried again every ten minutes. */
const PROBE = 10 * MINUTE

/** The faults of a world, as they begin and end. */
export class Weather {
  readonly #time: WorldTime
  readonly #findings: Findings
  readonly #random: Random
  readonly #begins: (episode: Episode) => void
  readonly #active = new Map<FaultKind, Episode>()
  #begun = 0
  #calmFrom = 0

  /** `begins` is called when a fault begins, and carries out faults without duration. */
  constructor(time: WorldTime, findings: Findings, random: Random, begins: (episode: Episode) => void) {
    this.#time = time
    this.#findings = findings
    this.#random = random
    this.#begins = begins
  }

  /** Schedules faults. */
  plan(episodes: readonly Episode[]): void {
    for (const episode of episodes) this.#time.at(episode.from, () => this.#begin(episode))
  }

  /** The active fault of a kind, if it hits this time. Of `targets` targets it hits the first ones only. */
  strike(kind: FaultKind, target = 0, targets = 1): Episode | undefined {
    const episode = this.#active.get(kind)
    if (!episode || !this.#random.chance(episode.share * targets - target)) return undefined
    this.#findings.count(`fault: ${kind}`)
    return episode
  }

  /**
   * A number while no fault is active or can still have an effect, the same one for as long as that lasts. Otherwise
   * `undefined`.
   */
  get calm(): number | undefined {
    return this.#active.size === 0 && this.#time.awake >= this.#calmFrom ? this.#begun : undefined
  }

  /** At most one fault of a kind is active: the next replaces the one before. */
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

  /** Extends the time until calm by the waits of the session, which its own clock measures. */
  #echo({ kind, amount }: Episode): void {
    const wait = kind === 'disabled' ? PROBE : kind === 'throttled' ? amount : 0
    this.#calmFrom = Math.max(this.#calmFrom, this.#time.awake + wait + ECHO)
  }
}
