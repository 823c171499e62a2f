import { Caching, type CachingOptions } from './caching.ts'
import {
  type ForwardRequest,
  type ForwardRequestOptions,
  type ForwardSettings,
  type IncomingRequest,
  planForwardRequest,
} from './forward-request.ts'
import { LocalLogin, type LocalLoginOptions } from './local-login.ts'
import { RequestSender, type SenderOptions } from './send.ts'
import type { ErrorResponse } from './upstream-error.ts'

export interface ForwarderOptions extends SenderOptions, CachingOptions, LocalLoginOptions, ForwardRequestOptions {
  /** Throws the problem of a request that no policy allows. */
  readonly permit: (journey: ForwardRequest) => void
  /** As it is now: it may be read again while the proxy runs. */
  readonly config: () => ForwardSettings
}

/** The way of a request: tenant, policies, cache, upstream, client. */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #sender: RequestSender
  readonly #cached: Caching
  readonly #login: LocalLogin

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#sender = new RequestSender(options)
    this.#cached = new Caching(options)
    this.#login = new LocalLogin(options)
  }

  /**
   * Forwards one request and streams the answer to the client, or gives the upstream's error to be told.
   * @throws {Problem} when no answer could be had. If `takeOver` was called by then, the client's connection is closed.
   */
  forward(incoming: IncomingRequest): Promise<ErrorResponse | undefined> {
    try {
      return this.#send(incoming)
    } catch (error) {
      // not thrown: what is wrong with the rest of what came with the head is told first
      return Promise.reject(error)
    }
  }

  #send(incoming: IncomingRequest): Promise<ErrorResponse | undefined> {
    const { config, permit } = this.#options
    const journey = planForwardRequest(incoming, config(), this.#options)
    if (journey.authCall) return this.#login.answer(journey)
    permit(journey)
    return this.#cached.forward(journey, () => this.#sender.send(journey))
  }
}
