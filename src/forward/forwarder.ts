import type { Config } from '../config/config.ts'
import { hasBody } from '../http/framing.ts'
import { headerText } from '../http/header-text.ts'
import type { Budget } from '../kernel/budget.ts'
import type { Clock } from '../kernel/clock.ts'
import { type Exchange, noteReceived } from '../request/exchange.ts'
import { chooseDestination } from '../request/tenant.ts'
import { Caching, type CachingOptions } from './caching.ts'
import {
  type ClientRequest,
  type ForwardPlan,
  type ForwardRequest,
  type PlanSettings,
  planForward,
} from './forward-request.ts'
import { LocalLogin, type LocalLoginOptions } from './local-login.ts'
import { RequestBody } from './request-body.ts'
import { RequestSender, type SenderOptions } from './send.ts'
import type { ErrorResponse } from './upstream-error.ts'

/** The part of the configuration that the forwarder depends on. */
export type ForwardSettings = PlanSettings & Pick<Config, 'tenants' | 'clients' | 'defaultTenant' | 'replay'>

/** What {@link Forwarder} needs. */
export interface ForwarderOptions extends SenderOptions, CachingOptions, LocalLoginOptions {
  readonly clock: Clock
  /** Limits the memory for the kept bodies of all requests together. */
  readonly kept: Budget
  /** Throws a problem if a policy does not allow the request. */
  readonly authorize: (exchange: Exchange, plan: ForwardPlan) => void
  /** Returns the current configuration, which a reload may replace. */
  readonly config: () => ForwardSettings
}

/**
 * Forwards requests: chooses the tenant, plans the request, applies the policies, then tries the cache before the API.
 */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #sender: RequestSender
  readonly #caching: Caching
  readonly #login: LocalLogin

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#sender = new RequestSender(options)
    this.#caching = new Caching(options)
    this.#login = new LocalLogin(options)
  }

  /**
   * Forwards one request and streams the response to the client. Resolves with the error response if it is to become a
   * problem document. Rejects with a {@link Problem} if there is no response. If `takeOver` was called before that, the
   * caller must close the client's connection.
   */
  forward(client: ClientRequest): Promise<ErrorResponse | undefined> {
    try {
      return this.#forward(client)
    } catch (error) {
      // reject instead of throwing, so that errors in data that arrived with the head are reported first
      return Promise.reject(error)
    }
  }

  #forward(client: ClientRequest): Promise<ErrorResponse | undefined> {
    const { config, authorize } = this.#options
    const { request, exchange } = client
    const settings = config()
    const chosen = chooseDestination(exchange, tenantHeader(client), settings)
    exchange.tenant = chosen.tenant.name
    const plan = planForward(request, exchange.method, chosen, settings)
    exchange.operation = plan.operation
    // what logs in is shown to nobody
    if (plan.authCall) exchange.tap = null
    const forwarded = this.#begin(client, plan, settings)
    if (plan.authCall) return this.#login.answer(forwarded)
    authorize(exchange, plan)
    return this.#caching.forward(forwarded, () => this.#sender.send(forwarded))
  }

  #begin(client: ClientRequest, plan: ForwardPlan, { replay }: ForwardSettings): ForwardRequest {
    const { request, response, exchange } = client
    const body = hasBody(request) ? this.#bodyOf(client, replay.maxBody) : undefined
    const { takeOver } = client
    return { request, response, exchange, takeOver, plan, body, bodyType: plan.bodyType, recorder: undefined }
  }

  /** Creates the body of a request, which is kept no longer than the exchange lasts. */
  #bodyOf({ request, exchange }: ClientRequest, keep: number): RequestBody {
    const { clock, kept } = this.#options
    const received = (piece: Buffer) => noteReceived(exchange, piece)
    const body = new RequestBody(request, { clock, keep, memory: kept, received })
    exchange.over.addEventListener('abort', () => body.release())
    return body
  }
}

function tenantHeader({ request }: ClientRequest): string | undefined {
  const name = request.headers['x-prismacloud-tenant']?.toString()
  return name && headerText(name)
}
