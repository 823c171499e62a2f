import { RETRY_RULES, type RetryRule } from './retry-policy.ts'

const REQUESTS = {
  none: 'no',
  reads: 'if it only reads',
  idempotent: 'if it is idempotent or only reads',
  all: 'yes',
} as const satisfies Record<RetryRule['retried'], string>

const KINDS = {
  'with-new-session': 'at once, with a new session',
  'when-permitted': 'when the rate limit and `Retry-After` permit',
  'on-new-connection': 'at once, on a new connection',
  'at-once': 'at once',
} as const satisfies Record<RetryRule['kind'], string>

/** Renders the retry rules as a Markdown table for README.md. */
export function retryTable(): string {
  const rows = RETRY_RULES.map(rule => [rule.title, retriesOf(rule), REQUESTS[rule.retryable]])
  return [['After', 'The proxy retries', '`retryable`'], ['---', '---', '---'], ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function retriesOf(rule: RetryRule): string {
  if (rule.retried === 'none') return 'no'
  const which = rule.retried === 'all' ? '' : `${REQUESTS[rule.retried]}, `
  const budget = rule.isBudgeted ? ', for at most a tenth of all requests' : ''
  return `${which}${KINDS[rule.kind]}, ${timesOf(rule)}${budget}`
}

function timesOf({ most }: RetryRule): string {
  if (most === 1) return 'once'
  return Number.isFinite(most) ? `at most ${most} times` : 'at most `retry.attempts` times'
}
