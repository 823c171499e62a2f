import t from 'tap'
import { createLog } from '../../src/kernel/log.ts'
import type { NextCall } from '../../src/session/report.ts'
import { sessionLog } from '../../src/telemetry/session-log.ts'
import { type TestClock, testClock } from '../support/clock.ts'
import { freePort } from '../support/free-port.ts'
import { type LogLine, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const [INFO, WARN, ERROR] = [30, 40, 50]

/** A session log, and the lines that it writes at level info and above. */
function telling(clock: TestClock) {
  const lines: LogLine[] = []
  const log = createLog('info', { write: line => void lines.push(JSON.parse(line)) }, clock)
  const told = sessionLog(log, clock)
  const fail = (attempt: number, { tenant = 'default', delay = 1_000, isServing = false } = {}) =>
    told.changed(tenant, 'authenticating', 'backing-off', 'it is down', { attempt, delay, isServing })
  return { lines, told, fail, messages: () => lines.splice(0).map(({ msg }) => msg) }
}

t.test('of repeated failures the first is logged, then one a minute, with the attempt and the delay', async t => {
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

t.test('failures are counted per tenant, and the first after a success is logged at once', async t => {
  const { fail, told, lines, messages } = telling(testClock())
  for (const tenant of ['one', 'two']) fail(1, { tenant })
  t.equal(messages().length, 2)
  told.changed('one', 'authenticating', 'ready', 'expires in 600 s')
  fail(1, { tenant: 'one', isServing: true })
  fail(2, { tenant: 'one', isServing: true })
  t.match(lines.at(-1), { tenant: 'one', to: 'backing-off', attempt: 1, delay: 1_000, isServing: true, level: WARN })
  t.strictSame(messages(), [
    'tenant one: session ready, expires in 600 s',
    'tenant one: session extension failed (attempt 1), retrying in 1 s: it is down',
  ])
})

t.test('a failed rotation is logged like a failed login; a rejected or unreadable key at level error', async t => {
  const { told, lines } = telling(testClock())
  const retry = (attempt: number): NextCall => ({ attempt, delay: 2_000, isServing: false })
  for (let attempt = 1; attempt <= 3; attempt++) told.rotationFailed('default', 'it is down', retry(attempt))
  told.rotationFailed('default', 'it is disabled')
  told.keyUnreadable('default', 'the file is gone')
  told.rotated('default')
  const login = 'tenant default: login with the new access key failed (attempt 1), retrying in 2 s'
  const kept = 'still using the previous session'
  t.match(lines, [
    { tenant: 'default', level: WARN, attempt: 1, delay: 2_000, msg: `${login}; ${kept}: it is down` },
    {
      tenant: 'default',
      level: ERROR,
      msg: `tenant default: the new access key was rejected; ${kept}: it is disabled`,
    },
    { tenant: 'default', level: ERROR, msg: `tenant default: cannot read the access key; ${kept}: the file is gone` },
    { tenant: 'default', level: INFO, msg: 'tenant default: new access key accepted; now using its session' },
  ])
  t.equal(lines.length, 4)
})

t.test('an upstream that refuses connections fails requests at once and is logged once a minute', async t => {
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
