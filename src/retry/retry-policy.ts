/**
 * The one place that decides about retries. The forwarder retries as {@link RETRY_RULES} say, and `retryable` in problem
 * documents and the table in README.md come from them.
 */

/** How an attempt failed that brought no usable response. */
export type AttemptFailure =
  /** No connection could be made, so the API knows nothing of the request. */
  | 'not-sent'
  /** A pooled connection broke before anything of a response arrived: most often the API had just closed it. */
  | 'stale-connection'
  /** The request may have been received; the response did not come in time, broke off or is not valid HTTP. */
  | 'no-response'

/** What came of an attempt: the status of a response, or how it failed. */
export type AttemptResult = number | AttemptFailure

/** What repeating a request does: nothing more than the first time (RFC 9110, 9.2.2), nothing at all as it only reads, or more. */
export type Repeating = 'reads' | 'idempotent' | 'changes'

/** How a request is retried. */
export type RetryKind = 'with-new-session' | 'when-permitted' | 'on-new-connection' | 'at-once'

/** Requests as rules name them, from the fewest to all of them. */
type Requests = 'none' | 'reads' | 'idempotent' | 'all'

/** What is done about some results of an attempt. */
export interface RetryRule {
  readonly on: readonly AttemptResult[]
  /** For people, the beginning of a row in README.md. */
  readonly title: string
  readonly kind: RetryKind
  /** Which requests the proxy retries. */
  readonly retried: Requests
  /** How often it retries one request. */
  readonly most: number
  /** Whether `retry.attempts` bounds it too, and `x-prismacloud-proxy-pacing: off` turns it off. */
  readonly isOptional: boolean
  /** Whether it retries no more than a tenth of all requests, so that an API in trouble is not burdened. */
  readonly isBudgeted: boolean
  /** Which requests a client may send again as they are: they may succeed, and do no harm if the first was received. */
  readonly retryable: Requests
}

const OPTIONAL = { isOptional: true, isBudgeted: false } as const
const ALWAYS = { isOptional: false, isBudgeted: false } as const

/** All rules, in the order of the table. A result that no rule names is not retried, and not retryable. */
export const RETRY_RULES: readonly RetryRule[] = [
  {
    on: [401],
    title: '401 because of the session',
    kind: 'with-new-session',
    retried: 'all',
    // once, and once more if the new token was revoked, too, before it arrived
    most: 2,
    ...ALWAYS,
    retryable: 'none',
  },
  {
    // a limit was met before anything was done (RFC 6585, 4)
    on: [429],
    title: '429',
    kind: 'when-permitted',
    retried: 'all',
    most: Number.POSITIVE_INFINITY,
    ...OPTIONAL,
    retryable: 'all',
  },
  {
    // a gateway may say so after it passed the request on (RFC 9110, 15.6.4)
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
    // the request did not arrive in time, so nothing was done; its connection ends (RFC 9110, 15.5.9)
    on: [408],
    title: '408',
    kind: 'on-new-connection',
    retried: 'all',
    most: 1,
    ...OPTIONAL,
    retryable: 'all',
  },
  {
    // nothing was done that a replay of early TLS data could repeat (RFC 8470, 5.2)
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
    // a new connection is not pooled: once for each time that the request goes to the pool, with each session
    most: 3,
    ...ALWAYS,
    retryable: 'idempotent',
  },
  {
    // every address of the host was tried; at once it would only fail again
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

/** A request as far as retries depend on it. */
export interface RetryFacts {
  readonly repeating: Repeating
  /** Whether all of its body is kept, so that it can be sent again. */
  readonly isBodyKept: boolean
  /** How often optional rules may have it retried: `retry.attempts`, or 0. */
  readonly attempts: number
  /** The rules by which it was retried so far, one for each retry. */
  readonly before: readonly RetryRule[]
}

/** The rule by which a request is retried after this result, or `undefined` to give up. */
export function retryAfter(result: AttemptResult, facts: RetryFacts): RetryRule | undefined {
  const { repeating, isBodyKept, attempts, before } = facts
  const rule = ruleOf.get(result)
  if (rule === undefined || !isBodyKept || !covers(rule.retried, repeating)) return undefined
  if (rule.isOptional && before.filter(({ isOptional }) => isOptional).length >= attempts) return undefined
  return before.filter(each => each === rule).length < rule.most ? rule : undefined
}

/** Whether a client may send a request again as it is after this result: `retryable` in its problem document. */
export function isRetryable(result: AttemptResult, repeating: Repeating): boolean {
  return covers(ruleOf.get(result)?.retryable ?? 'none', repeating)
}

function covers(requests: Requests, repeating: Repeating): boolean {
  if (requests === 'idempotent') return repeating !== 'changes'
  return requests === 'all' || requests === repeating
}
