/**
 * The one place that decides about retries. The forwarder follows {@link RETRY_RULES}; `retryable` in problem documents
 * and the table in README.md are derived from them.
 */

/** How an attempt failed if it got no usable response. */
export type AttemptFailure =
  /** No connection could be made, so no part of the request reached the API. */
  | 'not-sent'
  /** A pooled connection broke before any part of a response arrived, usually because the API had just closed it. */
  | 'stale-connection'
  /** The API promises not to have processed the request, or its connection was closed before anything was sent. */
  | 'unprocessed'
  /** The API may have received the request, but its response did not come in time, broke off, or is not valid HTTP. */
  | 'no-response'

/** The result of an attempt: the status of a response, or how the attempt failed. */
export type AttemptResult = number | AttemptFailure

/**
 * The effect of repeating a request: none at all, because it only reads (`reads`); none beyond the first time
 * (`idempotent`; RFC 9110, 9.2.2); or a further change (`changes`).
 */
export type Repeating = 'reads' | 'idempotent' | 'changes'

/** How a request is retried. */
export type RetryKind = 'with-new-session' | 'when-permitted' | 'on-new-connection' | 'at-once'

/** The requests that a rule covers, from none to all of them. */
type Requests = 'none' | 'reads' | 'idempotent' | 'all'

/** What to do about some of the results of an attempt. */
export interface RetryRule {
  readonly on: readonly AttemptResult[]
  /** The results in words, as the beginning of a row in README.md. */
  readonly title: string
  readonly kind: RetryKind
  /** Which requests the proxy retries. */
  readonly retried: Requests
  /** How many times the proxy retries one request by this rule. */
  readonly most: number
  /** Whether `retry.attempts` limits the rule, too, and `x-prismacloud-proxy-pacing: off` turns it off. */
  readonly isOptional: boolean
  /** Whether the rule retries no more than a tenth of all requests, so as not to burden an API in trouble. */
  readonly isBudgeted: boolean
  /**
   * Which requests a client may send again unchanged: they may succeed, and do no harm even if the first was received.
   */
  readonly retryable: Requests
}

const OPTIONAL = { isOptional: true, isBudgeted: false } as const
const ALWAYS = { isOptional: false, isBudgeted: false } as const

/**
 * All retry rules, in the order of the table in README.md. A result without a rule is neither retried nor retryable.
 */
export const RETRY_RULES: readonly RetryRule[] = [
  {
    on: [401],
    title: '401 because of the session',
    kind: 'with-new-session',
    retried: 'all',
    // once, and once more if the new token, too, was revoked before it arrived
    most: 2,
    ...ALWAYS,
    retryable: 'none',
  },
  {
    // the limit was reached before anything was done (RFC 6585, 4)
    on: [429],
    title: '429',
    kind: 'when-permitted',
    retried: 'all',
    most: Number.POSITIVE_INFINITY,
    ...OPTIONAL,
    retryable: 'all',
  },
  {
    // a gateway may respond with this after it passed the request on (RFC 9110, 15.6.4)
    on: [503],
    title: '503',
    kind: 'when-permitted',
    retried: 'idempotent',
    most: Number.POSITIVE_INFINITY,
    ...OPTIONAL,
    retryable: 'idempotent',
  },
  {
    on: [500, 502, 504],
    title: '500, 502, 504',
    kind: 'at-once',
    retried: 'reads',
    most: 1,
    isOptional: true,
    isBudgeted: true,
    retryable: 'idempotent',
  },
  {
    // the request did not arrive in time, so nothing was done; the connection is closed (RFC 9110, 15.5.9)
    on: [408],
    title: '408',
    kind: 'on-new-connection',
    retried: 'all',
    most: 1,
    ...OPTIONAL,
    retryable: 'all',
  },
  {
    // nothing has been done yet that a replay of early TLS data could repeat (RFC 8470, 5.2)
    on: [425],
    title: '425',
    kind: 'at-once',
    retried: 'all',
    most: 1,
    ...OPTIONAL,
    retryable: 'all',
  },
  {
    on: ['stale-connection'],
    title: 'a pooled connection breaks before a response',
    kind: 'on-new-connection',
    retried: 'idempotent',
    // the retry uses no pooled connection, so this happens once for each session with which the request goes to the
    // pool
    most: 3,
    ...ALWAYS,
    retryable: 'idempotent',
  },
  {
    // nothing was done (RFC 9113, 8.7)
    on: ['unprocessed'],
    title: 'the API did not process the request (HTTP/2)',
    kind: 'on-new-connection',
    retried: 'all',
    most: 3,
    ...ALWAYS,
    retryable: 'all',
  },
  {
    // every address of the host was tried; an immediate retry would only fail again
    on: ['not-sent'],
    title: 'no connection to the API',
    kind: 'at-once',
    retried: 'none',
    most: 0,
    ...ALWAYS,
    retryable: 'all',
  },
  {
    on: ['no-response'],
    title: 'no response in time, or none that is usable',
    kind: 'at-once',
    retried: 'none',
    most: 0,
    ...ALWAYS,
    retryable: 'idempotent',
  },
]

const ruleOf: ReadonlyMap<AttemptResult, RetryRule> = new Map(
  RETRY_RULES.flatMap(rule => rule.on.map(result => [result, rule] as const)),
)

/** The facts about a request on which its retries depend. */
export interface RetryFacts {
  readonly repeating: Repeating
  /** Whether the whole body is kept, so that it can be sent again. */
  readonly isBodyKept: boolean
  /** How many times optional rules may retry the request: `retry.attempts`, or 0. */
  readonly attempts: number
  /** The rules by which the request has been retried so far, one for each retry. */
  readonly before: readonly RetryRule[]
}

/** Returns the rule by which to retry a request after this result, or `undefined` to give up. */
export function retryAfter(result: AttemptResult, facts: RetryFacts): RetryRule | undefined {
  const { repeating, isBodyKept, attempts, before } = facts
  const rule = ruleOf.get(result)
  if (rule === undefined || !isBodyKept || !covers(rule.retried, repeating)) return undefined
  if (rule.isOptional && before.filter(({ isOptional }) => isOptional).length >= attempts) return undefined
  return before.filter(each => each === rule).length < rule.most ? rule : undefined
}

/** Whether a client may send a request again unchanged after this result: `retryable` in its problem document. */
export function isRetryable(result: AttemptResult, repeating: Repeating): boolean {
  return covers(ruleOf.get(result)?.retryable ?? 'none', repeating)
}

function covers(requests: Requests, repeating: Repeating): boolean {
  if (requests === 'idempotent') return repeating !== 'changes'
  return requests === 'all' || requests === repeating
}
