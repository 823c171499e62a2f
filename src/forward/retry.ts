import { headersByName } from '../http/raw-headers.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Permit } from '../pacing/gate.ts'
import { Problem } from '../problem/problem.ts'
import type { RetryBudget } from '../retry/retry-budget.ts'
import { type RetryRule, retryAfter } from '../retry/retry-policy.ts'
import { type Retry as Renewal, UNINFORMATIVE } from '../session/evidence.ts'
import type { Lease } from '../session/lease.ts'
import { readUpstreamErrors } from '../upstream-errors/read.ts'
import { type TokenVerdict, tokenVerdict } from '../upstream-errors/token-verdict.ts'
import { type AcquireOptions, acquireLease, acquirePermit } from './acquire.ts'
import { type ForwardRequest, isBodyKept, repeatingOf } from './forward-request.ts'
import type { ErrorResponse, FailedAttempt } from './upstream-error.ts'

const UNAUTHORIZED = 401

/** What the retries of a request need. */
export interface RetryOptions extends AcquireOptions {
  readonly retryBudget: RetryBudget
}

/** What an attempt is made with. */
export interface AttemptPlan {
  /** Of the endpoint's rate limit, where it has one. */
  readonly permit: Permit | undefined
  /** The session; one is acquired where none is given. */
  readonly lease: Lease | undefined
  /** Informed how the lease's token fares, if the session was renewed for this attempt. */
  readonly renewal: Renewal | undefined
  /** Which connections it goes by. */
  readonly connection: 'pool' | 'oneShot'
}

/** The result of an attempt that left the client without a response. */
export type Unserved = ErrorResponse | FailedAttempt

/** The retries of one request. */
export class Retries {
  readonly #request: ForwardRequest
  readonly #options: RetryOptions
  readonly #rules: RetryRule[] = []
  readonly #tokens: Secret[] = []

  constructor(request: ForwardRequest, options: RetryOptions) {
    this.#request = request
    this.#options = options
  }

  /** How often the API refused the request for now (429, 503). */
  get refusals(): number {
    return this.#rules.filter(({ kind }) => kind === 'when-permitted').length
  }

  /** The tokens that the request carried, none of which its client may see. */
  get tokens(): readonly Secret[] {
    return this.#tokens
  }

  /** Prepares the next attempt after one with this lease, as the retry policy says. Resolves to nothing if there is none. */
  async next(lease: Lease, { renewal }: AttemptPlan, unserved: Unserved): Promise<AttemptPlan | undefined> {
    this.#tokens.push(lease.token)
    const renewed = 'response' in unserved ? this.#reportToken(lease, renewal, unserved) : undefined
    const rule = this.#decide(unserved, isBodyKept(this.#request))
    if (!rule || (rule.isBudgeted && !this.#options.retryBudget.take(this.#request.plan.tenant))) return undefined
    const next = await this.#prepare(rule, lease, renewal, renewed)
    // more of the body may have arrived meanwhile than is kept
    if (next && isBodyKept(this.#request)) {
      this.#rules.push(rule)
      return next
    }
    next?.permit?.unused()
    return undefined
  }

  #decide(unserved: Unserved, isKept: boolean): RetryRule | undefined {
    const isError = 'response' in unserved
    const result = isError ? unserved.response.status : unserved.failure
    const repeating = isError ? unserved.repeating : repeatingOf(this.#request)
    const attempts = this.#request.plan.retryAttempts
    return retryAfter(result, { repeating, isBodyKept: isKept, attempts, before: this.#rules })
  }

  /**
   * Reports to the session what a 401 says about its token, even if this request cannot be retried: others carry the same
   * token. Returns the renewal to report the next result to, if the session is renewed.
   */
  #reportToken(lease: Lease, renewal: Renewal | undefined, error: ErrorResponse): Renewal | undefined {
    if (error.response.status !== UNAUTHORIZED) return undefined
    const verdict = verdictOf(error)
    renewal?.answered(verdict)
    if (verdict === 'good' || !this.#decide(error, true)) return undefined
    const { tenant, endpoint } = this.#request.plan
    const refusal = { operation: endpoint.key, named: verdict === 'bad', again: renewal !== undefined }
    return this.#options.sessions.invalidate(tenant, lease, refusal)
  }

  async #prepare(
    { kind }: RetryRule,
    lease: Lease,
    renewal: Renewal | undefined,
    renewed: Renewal | undefined,
  ): Promise<AttemptPlan | undefined> {
    const { pacer } = this.#options
    const { endpoint } = this.#request.plan
    switch (kind) {
      case 'at-once':
        return { permit: pacer.pass(endpoint), lease, renewal, connection: 'pool' }
      case 'on-new-connection':
        return { permit: pacer.pass(endpoint), lease, renewal, connection: 'oneShot' }
      case 'when-permitted':
        return this.#whenPermitted()
      case 'with-new-session':
        return renewed && this.#withNewSession(lease, renewed)
    }
  }

  async #withNewSession(before: Lease, renewed: Renewal): Promise<AttemptPlan> {
    const lease = await acquireLease(this.#request, this.#options)
    const permit = this.#options.pacer.pass(this.#request.plan.endpoint)
    // it is still the same token if nobody could check it
    return { permit, lease, renewal: lease === before ? UNINFORMATIVE : renewed, connection: 'pool' }
  }

  /** Resolves to nothing if no permit comes in time: the refusal then says more than the timeout. */
  async #whenPermitted(): Promise<AttemptPlan | undefined> {
    try {
      const permit = await acquirePermit(this.#request, this.#options, true)
      return { permit, lease: undefined, renewal: undefined, connection: 'pool' }
    } catch (error) {
      if (error instanceof Problem) return undefined
      throw error
    }
  }
}

function verdictOf({ response: { headers, body } }: ErrorResponse): TokenVerdict {
  return tokenVerdict(readUpstreamErrors({ headers: headersByName(headers), body }))
}
