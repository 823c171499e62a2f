import type { Secret } from '../kernel/secret.ts'
import type { Permit } from '../pacing/permit.ts'
import { Problem } from '../problem/problem.ts'
import { noteRequestId, timed } from '../request/exchange.ts'
import type { Lease } from '../session/lease.ts'
import type { Agents } from '../upstream/agent.ts'
import { withoutSecrets } from '../upstream-errors/masked.ts'
import { acquireLease, acquirePermit } from './acquire.ts'
import { Attempt, type AttemptOptions, upstreamBase } from './attempt.ts'
import type { ComputeConsoles } from './compute-consoles.ts'
import { type ForwardRequest, repeatingOf } from './forward-request.ts'
import { lookAt } from './headers/content-type.ts'
import type { UpstreamBase } from './headers/location.ts'
import { type AttemptPlan, Retries, type RetryOptions, type Unserved } from './retry.ts'
import { type ErrorResponse, explainFailure, passOnError } from './upstream-error.ts'

/** What {@link RequestSender} needs. */
export interface SenderOptions extends AttemptOptions, RetryOptions {
  readonly agents: Agents
  readonly consoles: ComputeConsoles
  /**
   * Returns the secrets of a tenant and of all clients. No error may show them, nor the tokens that the request
   * carried.
   */
  readonly secrets: (tenant: string) => readonly Secret[]
}

/** Sends requests. Each waits for a permit and a session, is attempted, and is retried as the retry policy says. */
export class RequestSender {
  readonly #options: SenderOptions

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /**
   * Sends a request and streams the response to the client. Resolves with the error response if it is to become a
   * problem document. The first attempt is made in a microtask, when errors in data that arrived with the head are
   * known. Rejects with a {@link Problem} if there is no response.
   */
  async send(request: ForwardRequest): Promise<ErrorResponse | undefined> {
    const { body, bodyType, plan, exchange } = request
    if (body && bodyType === 'as-it-looks') request.bodyType = await lookAt(body)
    this.#options.retryBudget.earn(plan.tenant)
    const retries = new Retries(request, this.#options)
    // a request that waits for a session must not keep a permit from others, which would then wait one after the other
    const first = await acquireLease(request, this.#options)
    const permit = acquirePermit(request, this.#options)
    // after a wait the session may have another token
    const lease = permit instanceof Promise ? undefined : first
    let next: AttemptPlan = { permit: await permit, lease, renewal: undefined, connection: 'pool' }
    for (;;) {
      const lease = next.lease ?? (await this.#lease(request, next))
      const unserved = await this.#attempt(request, lease, next, retries.refusals)
      if (!unserved) return undefined
      const following = await retries.next(lease, next, unserved)
      if (!following) return this.#giveUp(request, unserved, retries.tokens)
      exchange.replayed = true
      next = following
    }
  }

  async #lease(request: ForwardRequest, { permit }: AttemptPlan): Promise<Lease> {
    try {
      return await acquireLease(request, this.#options)
    } catch (error) {
      permit?.unused()
      throw error
    }
  }

  /** Makes one attempt. Resolves with `undefined` if a response was streamed to the client. */
  async #attempt(
    request: ForwardRequest,
    lease: Lease,
    { permit, renewal, connection }: AttemptPlan,
    refusals: number,
  ): Promise<Unserved | undefined> {
    const { plan, exchange } = request
    const base = plan.compute ? await this.#console(request, lease, permit) : upstreamBase(lease.api, plan)
    if (!('origin' in base)) return base
    const attempt = new Attempt(request, { lease, base, permit, refusals, renewal }, this.#options)
    try {
      const response = await attempt.go(this.#options.agents[connection])
      return response.kind === 'relayed' ? undefined : { base, response, repeating: repeatingOf(request), request }
    } catch (error) {
      permit?.lost()
      if (exchange.over.aborted || error instanceof Problem) throw error
      const wasPooled = connection === 'pool' && !attempt.isAnswered
      return explainFailure(error, { base, repeating: repeatingOf(request), wasPooled })
    }
  }

  /** Finds the Compute console. If that fails, the client's request has not been sent. */
  async #console(
    { plan, exchange }: ForwardRequest,
    lease: Lease,
    permit: Permit | undefined,
  ): Promise<UpstreamBase | Unserved> {
    const { clock, consoles } = this.#options
    const base = upstreamBase(lease.api, plan)
    const repeating = 'reads'
    try {
      const found = await timed(clock, exchange, 'session', consoles.find(plan, lease))
      if ('origin' in found) return upstreamBase(found, plan)
      permit?.unused()
      return { base, response: found, repeating }
    } catch (error) {
      permit?.unused()
      if (exchange.over.aborted || error instanceof Problem) throw error
      return explainFailure(error, { base, repeating, wasPooled: false })
    }
  }

  /**
   * Gives up on a request: throws the problem of a failed attempt, or masks the secrets that an error response quotes.
   * Returns the error response unless it was passed through to the client.
   */
  #giveUp(request: ForwardRequest, unserved: Unserved, tokens: readonly Secret[]): ErrorResponse | undefined {
    if (!('response' in unserved)) throw unserved.problem
    const { clock, secrets } = this.#options
    request.body?.release()
    const response = withoutSecrets(unserved.response, [...tokens, ...secrets(request.plan.tenant)])
    noteRequestId(request.exchange, response.headers)
    return passOnError(request, { ...unserved, response }, clock)
  }
}
