import { headersByName } from '../http/raw-headers.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Permit } from '../pacing/permit.ts'
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

/** What {@link Retries} needs to prepare attempts. */
export interface RetryOptions extends AcquireOptions {
  readonly retryBudget: RetryBudget
}

/** The permit, lease, renewal and connection that an attempt is made with. */
export interface AttemptPlan {
  /** The permit; undefined if the endpoint is known to have no limit, or pacing is off. */
  readonly permit: Permit | undefined
  /** The lease of the session. If undefined, one is acquired for the attempt. */
  readonly lease: Lease | undefined
  /** Receives what the response says about the lease's token, if the session was renewed for this attempt. */
  readonly renewal: Renewal | undefined
  /** Whether the attempt uses a pooled connection or a new one of its own. */
  readonly connection: 'pool' | 'fresh'
}

/** The result of an attempt that sent no response to the client. */
export type Unserved = ErrorResponse | FailedAttempt

/** Decides on the retries of one request, and prepares them. */
export class Retries {
  readonly #request: ForwardRequest
  readonly #options: RetryOptions
  readonly #rules: RetryRule[] = []
  readonly #tokens: Secret[] = []

  constructor(request: ForwardRequest, options: RetryOptions) {
    this.#request = request
    this.#options = options
  }

  /** How many times the API has temporarily refused the request (429, 503). */
  get refusals(): number {
    return this.#rules.filter(({ kind }) => kind === 'when-permitted').length
  }

  /** The tokens that the request has carried. Its client must not see any of them. */
  get tokens(): readonly Secret[] {
    return this.#tokens
  }

  /**
   * Prepares the attempt that follows one with this lease, as the retry policy says. Resolves with `undefined` if no
   * attempt is to follow.
   */
  async next(lease: Lease, { renewal }: AttemptPlan, unserved: Unserved): Promise<AttemptPlan | undefined> {
    this.#tokens.push(lease.token)
    const renewed = 'response' in unserved ? this.#reportToken(lease, renewal, unserved) : undefined
    const rule = this.#decide(unserved, isBodyKept(this.#request))
    if (!rule || (rule.isBudgeted && !this.#options.retryBudget.take(this.#request.plan.tenant))) return undefined
    const next = await this.#prepare(rule, lease, renewal, renewed)
    // meanwhile, the body may have grown too large to be kept
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
   * Reports to the session what a 401 says about its token, even if this request cannot be retried, because other
   * requests carry the same token. If the session is being renewed, returns the renewal to which the result of the next
   * attempt must be reported.
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
        return { permit: pacer.pass(endpoint), lease, renewal, connection: 'fresh' }
      case 'when-permitted':
        return this.#whenPermitted()
      case 'with-new-session':
        return renewed && this.#withNewSession(lease, renewed)
    }
  }

  async #withNewSession(before: Lease, renewed: Renewal): Promise<AttemptPlan> {
    const lease = await acquireLease(this.#request, this.#options)
    const permit = this.#options.pacer.pass(this.#request.plan.endpoint)
    // the token is still the same if it could not be checked
    return { permit, lease, renewal: lease === before ? UNINFORMATIVE : renewed, connection: 'pool' }
  }

  /**
   * Waits for a permit. Resolves with `undefined` if none is granted in time, because the upstream's refusal then tells
   * the client more than the timeout would.
   */
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
