import t from 'tap'
import {
  type AttemptResult,
  isRetryable,
  RETRY_RULES,
  type Repeating,
  type RetryRule,
  retryAfter,
} from '../../src/retry/retry-policy.ts'
import { retryTable } from '../../src/retry/retry-table.ts'

const STATUSES = Array.from({ length: 200 }, (_, index) => 400 + index)
const EVERY: readonly Repeating[] = ['reads', 'idempotent', 'changes']

function ruleFor(result: AttemptResult): RetryRule {
  const rule = RETRY_RULES.find(({ on }) => on.includes(result))
  if (!rule) throw new Error(`no rule for ${result}`)
  return rule
}

const decide = (result: AttemptResult, facts: Partial<Parameters<typeof retryAfter>[1]> = {}) =>
  retryAfter(result, { repeating: 'reads', isBodyKept: true, attempts: 3, before: [], ...facts })?.kind

t.test('what a client may send again depends on the status and on what a repeat does', async t => {
  const retryable = (repeating: Repeating) => STATUSES.filter(status => isRetryable(status, repeating))
  const notDone = [408, 425, 429]
  const maybeDone = [500, 502, 503, 504]
  t.strictSame(retryable('reads'), [...notDone, ...maybeDone])
  t.strictSame(retryable('idempotent'), [...notDone, ...maybeDone])
  t.strictSame(retryable('changes'), notDone)
  const failures = ['unprocessed', 'not-sent', 'stale-connection', 'no-response'] as const
  t.strictSame(
    EVERY.map(repeating => failures.filter(failure => isRetryable(failure, repeating))),
    [[...failures], [...failures], ['unprocessed', 'not-sent']],
  )
})

t.test('how the proxy retries depends on the same', async t => {
  const rows: [result: AttemptResult, reads?: string, idempotent?: string, changes?: string][] = [
    [400],
    [401, 'with-new-session', 'with-new-session', 'with-new-session'],
    [403],
    [404],
    [408, 'on-new-connection', 'on-new-connection', 'on-new-connection'],
    [425, 'at-once', 'at-once', 'at-once'],
    [429, 'when-permitted', 'when-permitted', 'when-permitted'],
    [500, 'at-once'],
    [501],
    [502, 'at-once'],
    [503, 'when-permitted', 'when-permitted'],
    [504, 'at-once'],
    ['not-sent'],
    ['no-response'],
    ['stale-connection', 'on-new-connection', 'on-new-connection'],
    ['unprocessed', 'on-new-connection', 'on-new-connection', 'on-new-connection'],
  ]
  for (const [result, ...kinds] of rows)
    for (const [index, repeating] of EVERY.entries())
      t.equal(decide(result, { repeating }), kinds[index], `${result} ${repeating}`)
})

t.test('nothing is retried whose body is gone', async t => {
  for (const { on } of RETRY_RULES) for (const result of on) t.notOk(decide(result, { isBodyKept: false }), `${result}`)
})

t.test('each rule retries so often, and optional ones all together as often as configured', async t => {
  const times = (result: AttemptResult, attempts: number) => {
    const before: RetryRule[] = []
    while (before.length < 20 && decide(result, { attempts, before })) before.push(ruleFor(result))
    return before.length
  }
  for (const [result, most] of [
    [401, 2],
    [408, 1],
    [425, 1],
    [500, 1],
    [429, 3],
    [503, 3],
    ['stale-connection', 3],
    ['unprocessed', 3],
  ] as const)
    t.equal(times(result, 3), most, `${result}`)
  t.strictSame([times(429, 0), times(500, 0), times(408, 0), times(401, 0)], [0, 0, 0, 2])
  t.equal(times('stale-connection', 0), 3)
  t.notOk(decide(503, { attempts: 2, before: [ruleFor(500), ruleFor(429)] }), 'of whatever kind they were')
  t.ok(decide(503, { attempts: 2, before: [ruleFor(401), ruleFor(429)] }), 'but those that are not optional')
})

t.test('the table names every rule once', async t => {
  const rows = retryTable().split('\n')
  t.equal(rows.length, RETRY_RULES.length + 2)
  for (const { title } of RETRY_RULES) t.equal(rows.filter(row => row.startsWith(`| ${title} |`)).length, 1, title)
  t.match(retryTable(), /\| 500, 502, 504 \| if it only reads, at once, once, for at most a tenth of all requests \|/)
  t.match(retryTable(), /\| no connection to the API \| no \| yes \|/)
})
