import type { Turn } from '../pacing/gate.ts'
import { Problem } from '../problem/problem.ts'
import { canResend, mayComeAgain } from './again.ts'
import { Cached, type CachedOptions } from './cached.ts'
import { timed } from './exchange.ts'
import { type Incoming, type Journey, type JourneySettings, planJourney } from './journey.ts'
import { LocalLogin, type LocalLoginOptions } from './local-login.ts'
import type { Refusal } from './refusal.ts'
import { type Attempt, Sender, type SenderOptions } from './sender.ts'
import { tell } from './tell.ts'

export interface ForwarderOptions extends SenderOptions, CachedOptions, LocalLoginOptions {
  /** Throws the problem of a request that no policy allows. */
  readonly permit: (journey: Journey) => void
  /** As it is now: it may be read again while the proxy runs. */
  readonly config: () => JourneySettings
}

/** The way of a request: tenant, cache, turn, upstream, client; and again where the upstream refused it for now. */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #sender: Sender
  readonly #cached: Cached
  readonly #login: LocalLogin

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#sender = new Sender(options)
    this.#cached = new Cached(options)
    this.#login = new LocalLogin(options)
  }

  /**
   * Forwards one request and streams the answer to the client, or gives the upstream's error to be told.
   * @throws {Problem} when no answer could be had. If `takeOver` was called by then, the client's connection is closed.
   */
  async forward(incoming: Incoming): Promise<Refusal | undefined> {
    const { clock, config, permit } = this.#options
    const journey = planJourney(incoming, config(), clock)
    if (journey.authCall) return this.#login.answer(journey)
    permit(journey)
    return this.#cached.forward(journey, () => this.#send(journey))
  }

  /** Sends a request, and again as long as that is of use. */
  async #send(journey: Journey): Promise<Refusal | undefined> {
    let attempt: Attempt | undefined = { number: 0, turn: await this.#turn(journey, false) }
    for (;;) {
      const refusal = await this.#sender.send(journey, attempt)
      if (!refusal) return undefined
      attempt = await this.#next(journey, attempt, refusal)
      if (!attempt) return tell(journey, refusal, this.#options.clock)
      journey.exchange.replayed = true
    }
  }

  /** The next attempt at a request that was refused for now, once its turn has come; `undefined` where there is none. */
  async #next(journey: Journey, { number }: Attempt, { answer }: Refusal): Promise<Attempt | undefined> {
    if (!mayComeAgain(answer.status, journey, number)) return undefined
    try {
      const turn = await this.#turn(journey, true)
      // more of the body may have come meanwhile than is kept
      if (canResend(journey)) return { number: number + 1, turn }
      turn?.unused()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
    return undefined
  }

  /** Waits for a request's turn; `returned` says that it had one before. */
  async #turn(journey: Journey, returned: boolean): Promise<Turn | undefined> {
    const { exchange, request, paced, endpoint } = journey
    const { pacer, clock } = this.#options
    if (!paced) return pacer.pass(endpoint)
    const { client, over, spent } = exchange
    const asking = { client: client ?? request.socket, returned, waited: spent.queue, signal: over }
    const turn = pacer.admit(endpoint, asking)
    return turn instanceof Promise ? timed(clock, exchange, 'queue', turn) : turn
  }
}
