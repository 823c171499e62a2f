import t from 'tap'
import type { Variables } from '../../src/commands/systemd/notify.ts'
import { Service, watchdogOf } from '../../src/commands/systemd/service.ts'
import { createLog } from '../../src/kernel/log.ts'
import { testClock } from '../support/clock.ts'
import { fakeHost } from '../support/host.ts'
import { makeConfig } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { logged } from './rig.ts'

const ADDRESS = 'http://127.0.0.1:9080'
const ONE = makeConfig({ upstream: 'app2' })
const TWO = makeConfig({ upstream: 'app2', tenants: { default: {}, other: {} } })

/** A service whose manager does as the test says, what it was told so far, and the log's lines. */
function service(manager: () => Promise<void> = async () => {}, watchdog: number | null = null) {
  const clock = testClock()
  const host = fakeHost()
  const told: Variables[] = []
  const notify = (variables: Variables) => {
    told.push(variables)
    return manager()
  }
  const log = createLog('info', host.stdout, clock)
  const made = new Service({ notify, watchdog, clock, log, uptime: () => 5_000_999n })
  return { service: made, told, clock, warnings: () => (host.stdout.text === '' ? [] : logged(host.stdout.text)) }
}

t.test('a life is told in its order', async t => {
  const { service: made, told } = service()
  made.ready(ONE, ADDRESS)
  made.reloading()
  made.reloaded(TWO)
  made.reloading()
  made.reloaded(null)
  made.stopping({ requests: 3, timeout: 10_000 })
  await made.close()
  t.strictSame(told, [
    { READY: 1, STATUS: 'Serving 1 tenant at http://127.0.0.1:9080' },
    { RELOADING: 1, MONOTONIC_USEC: 5_000n, STATUS: 'Reloading the configuration' },
    { READY: 1, STATUS: 'Serving 2 tenants at http://127.0.0.1:9080' },
    { RELOADING: 1, MONOTONIC_USEC: 5_000n, STATUS: 'Reloading the configuration' },
    {
      READY: 1,
      STATUS: 'Serving 2 tenants at http://127.0.0.1:9080, with the previous configuration: the new one is invalid',
    },
    { STOPPING: 1, STATUS: 'Draining 3 requests', EXTEND_TIMEOUT_USEC: 15_000_000 },
  ])
})

t.test('a reload before it is ready, or while it stops, does not say that it is ready', async t => {
  const { service: made, told } = service()
  made.reloading()
  made.reloaded(ONE)
  made.stopping({ requests: 0, timeout: 500 })
  made.reloading()
  made.reloaded(ONE)
  await made.close()
  t.strictSame(told, [{ STOPPING: 1, STATUS: 'Stopping', EXTEND_TIMEOUT_USEC: 5_500_000 }])
})

t.test('the next notification waits until the last one was read', async t => {
  const read: (() => void)[] = []
  const { service: made, told } = service(() => new Promise(resolve => read.push(resolve)))
  made.ready(ONE, ADDRESS)
  made.stopping({ requests: 1, timeout: 0 })
  await until(() => told.length > 0)
  await new Promise(setImmediate)
  t.equal(told.length, 1)
  read.shift()?.()
  await until(() => told.length === 2)
  read.shift()?.()
  await made.close()
})

t.test('the watchdog gets a sign of life at half of its time, until the end', async t => {
  const { service: made, told, clock } = service(async () => {}, 60_000)
  await clock.advance(29_900)
  t.strictSame(told, [])
  await clock.advance(200)
  t.strictSame(told, [{ WATCHDOG: 1 }])
  for (let signs = 2; signs <= 10; signs++) {
    await clock.advance(30_100)
    t.equal(told.length, signs)
  }
  await made.close()
  await clock.advance(600_000)
  t.equal(told.length, 10)
})

t.test('a sign of life that is under way at the end is the last one', async t => {
  let answer = () => {}
  const { service: made, told, clock } = service(() => new Promise(resolve => (answer = resolve)), 60_000)
  await clock.advance(30_100)
  const closed = made.close()
  answer()
  await closed
  await clock.advance(600_000)
  t.equal(told.length, 1)
})

t.test('a manager that cannot be reached is told of once, until it can be', async t => {
  let fault: Error | null = new Error('systemd-notify: command not found')
  const {
    service: made,
    warnings,
    told,
  } = service(async () => {
    if (fault) throw fault
  })
  made.ready(ONE, ADDRESS)
  made.reloading()
  await until(() => told.length === 2)
  t.match(warnings(), [{ level: 40, msg: 'cannot notify the service manager: systemd-notify: command not found' }])
  t.equal(warnings().length, 1)
  fault = null
  made.reloaded(ONE)
  await until(() => told.length === 3)
  fault = new Error('gone')
  made.stopping({ requests: 0, timeout: 0 })
  await made.close()
  t.match(warnings(), [{}, { msg: 'cannot notify the service manager: gone' }])
})

t.test('a manager that hangs delays the end by six seconds', async t => {
  const { service: made, clock } = service(() => new Promise(() => {}))
  made.ready(ONE, ADDRESS)
  let isClosed = false
  const closed = made.close().then(() => {
    isClosed = true
  })
  await clock.advance(5_900)
  t.notOk(isClosed)
  await clock.advance(200)
  await closed
})

t.test('the time on the clock of the machine is that which other processes read', async t => {
  const told: Variables[] = []
  const options = { watchdog: null, clock: testClock(), log: createLog('info', fakeHost().stdout, testClock()) }
  const made = new Service({ ...options, notify: async variables => void told.push(variables) })
  const before = process.hrtime.bigint() / 1_000n
  made.ready(ONE, ADDRESS)
  made.reloading()
  await made.close()
  const at = BigInt(told[1]?.MONOTONIC_USEC ?? 0)
  t.ok(at >= before && at <= process.hrtime.bigint() / 1_000n)
})

t.test('a watchdog is ours if it names this process or none, and a time', async t => {
  const rows: [variables: Readonly<Record<string, string>>, time: number | null][] = [
    [{}, null],
    [{ WATCHDOG_USEC: '60000000' }, 60_000],
    [{ WATCHDOG_USEC: '500', WATCHDOG_PID: '7' }, 0.5],
    [{ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' }, null],
    [{ WATCHDOG_USEC: '0' }, null],
    [{ WATCHDOG_USEC: 'soon' }, null],
  ]
  for (const [variables, time] of rows) t.equal(watchdogOf(variables, 7), time, JSON.stringify(variables))
})
