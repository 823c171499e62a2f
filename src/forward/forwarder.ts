import { Cached, type CachedOptions } from './caching.ts'
import {
  type Incoming,
  type Journey,
  type JourneyOptions,
  type JourneySettings,
  planJourney,
} from './forward-request.ts'
import { LocalLogin, type LocalLoginOptions } from './local-login.ts'
import { Sender, type SenderOptions } from './send.ts'
import type { Refusal } from './upstream-error.ts'

export interface ForwarderOptions extends SenderOptions, CachedOptions, LocalLoginOptions, JourneyOptions {
  /** Throws the problem of a request that no policy allows. */
  readonly permit: (journey: Journey) => void
  /** As it is now: it may be read again while the proxy runs. */
  readonly config: () => JourneySettings
}

/** The way of a request: tenant, policies, cache, upstream, client. */
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
  forward(incoming: Incoming): Promise<Refusal | undefined> {
    try {
      return this.#send(incoming)
    } catch (error) {
      // not thrown: what is wrong with the rest of what came with the head is told first
      return Promise.reject(error)
    }
  }

  #send(incoming: Incoming): Promise<Refusal | undefined> {
    const { config, permit } = this.#options
    const journey = planJourney(incoming, config(), this.#options)
    if (journey.authCall) return this.#login.answer(journey)
    permit(journey)
    return this.#cached.forward(journey, () => this.#sender.send(journey))
  }
}
