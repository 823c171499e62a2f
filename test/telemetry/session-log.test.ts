import t from 'tap'
import { createLog } from '../../src/kernel/log.ts'
import type { NextCall } from '../../src/session/report.ts'
import { sessionLog } from '../../src/telemetry/session-log.ts'
import { type TestClock, testClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.ts'
import { type LogLine, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const WARN = 40

/** What is told at level warn and above. */
function telling(clock: TestClock) {
  const lines: LogLine[] = []
  const log = createLog('info', { write: line => void lines.push(JSON.parse(line)) }, clock)
  const told = sessionLog(log, clock)
  const fail = (attempt: number, { tenant = 'default', delay = 1_000, isServing = false } = {}) =>
    told.changed(tenant, 'authenticating', 'backing-off', 'it is down', { attempt, delay, isServing })
  return { lines, told, fail, messages: () => lines.splice(0).map(({ msg }) => msg) }
}

t.test('of calls that go on failing the first is told, then one a minute, with the attempt and the next', async t => {
  const clock = testClock()
  const { fail, messages } = telling(clock)
  fail(1, { delay: 250 })
  for (let attempt = 2; attempt <= 9; attempt++) fail(attempt)
  t.strictSame(messages(), ['tenant default: login failed (attempt 1), retrying in 250 ms: it is down'])
  await clock.advance(59_999)
  fail(10)
  t.strictSame(messages(), [])
  await clock.advance(1)
  fail(11, { delay: 41_500 })
  fail(12)
  t.strictSame(messages(), ['tenant default: login failed (attempt 11), retrying in 42 s: it is down'])
})

t.test('each tenant is told of by itself, and the first failure after a success at once', async t => {
  const { fail, told, lines, messages } = telling(testClock())
  for (const tenant of ['one', 'two']) fail(1, { tenant })
  t.equal(messages().length, 2)
  told.changed('one', 'authenticating', 'ready', 'live for 600 s')
  fail(1, { tenant: 'one', isServing: true })
  fail(2, { tenant: 'one', isServing: true })
  t.match(lines.at(-1), { tenant: 'one', to: 'backing-off', attempt: 1, delay: 1_000, isServing: true, level: WARN })
  t.strictSame(messages(), [
    'session of one is ready: live for 600 s',
    'tenant one: extending the session failed (attempt 1), retrying in 1 s: it is down',
  ])
})

t.test('so it is with other credentials that are tried, unless they are refused', async t => {
  const { told, lines } = telling(testClock())
  const retry = (attempt: number): NextCall => ({ attempt, delay: 2_000, isServing: false })
  for (let attempt = 1; attempt <= 3; attempt++) told.kept('default', 'it is down', retry(attempt))
  told.kept('default', 'it is disabled')
  const kept = 'session of default stays that of the old credentials: the new ones gave none'
  t.match(lines, [
    { level: WARN, msg: `${kept} (attempt 1), retrying in 2 s: it is down` },
    { level: 50, msg: `${kept}: it is disabled` },
  ])
  t.equal(lines.length, 2)
})

t.test('an upstream that refuses connections fails requests at once, and is told of once in a minute', async t => {
  const clock = testClock()
  const upstream = `http://127.0.0.1:${await freePort()}`
  const proxy = await startProxy(t, { upstream, clock, config: { log: { requests: 'off' } } })
  const first = await proxy.call('/v2/policy')
  t.match(first.json(), { status: 503, type: /session-unavailable/, retryable: true, detail: /refuses connections/ })
  const tried = () => proxy.log.filter(({ to }) => to === 'backing-off').length
  for (let second = 0; second < 59; second++) {
    const before = tried()
    const { status, headers } = await proxy.call('/v2/policy')
    t.match([status, Number(headers['retry-after']) >= 1], [503, true])
    t.equal(tried(), before, 'a request causes no call')
    await clock.advance(1_000)
    await until(() => proxy.log.at(-1)?.to !== 'authenticating')
  }
  t.equal(proxy.log.filter(({ level, tenant }) => tenant && Number(level) >= WARN).length, 1)
  t.ok(tried() > 3)
})
