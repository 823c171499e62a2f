import t from 'tap'
import { DAY } from '../../src/kernel/instant.ts'
import { createLog } from '../../src/kernel/log.ts'
import { keyLog } from '../../src/telemetry/key-log.ts'
import { testClock } from '../support/clock.ts'
import type { LogLine } from '../support/proxy.ts'

const [DEBUG, WARN, ERROR] = [20, 40, 50]
const HOUR = 60 * 60_000
const NOON = Date.UTC(2026, 0, 1, 12)

/** A log of keys, and the lines that it writes. */
function telling() {
  const clock = testClock(NOON)
  const lines: LogLine[] = []
  const told = keyLog(createLog('trace', { write: line => void lines.push(JSON.parse(line)) }, clock), clock)
  return { clock, told, lines, levels: () => lines.splice(0).map(({ level }) => level) }
}

t.test('a key is not mentioned until 14 days before it expires, then once a day', async t => {
  const { clock, told, lines, levels } = telling()
  const expiresAt = NOON + 15 * DAY
  told.dated('default', expiresAt)
  t.strictSame(levels(), [])
  await clock.advance(DAY + HOUR)
  told.dated('default', expiresAt)
  t.match(lines, [
    {
      tenant: 'default',
      expiresAt: '2026-01-16T12:00:00.000Z',
      level: WARN,
      msg: /^tenant default: the access key expires on 2026-01-16, in 13 days; create another one .* without a restart$/,
    },
  ])
  lines.splice(0)
  await clock.advance(DAY - 1000)
  told.dated('default', expiresAt)
  t.strictSame(levels(), [])
  await clock.advance(1000)
  told.dated('default', expiresAt)
  told.dated('default', expiresAt)
  t.strictSame(levels(), [WARN])
})

t.test('once it has expired, that is an error, at once and then once a day', async t => {
  const { clock, told, lines, levels } = telling()
  const expiresAt = NOON + HOUR
  told.dated('default', expiresAt)
  t.match(lines.pop(), { level: WARN, msg: /, in less than a day; create another/ })
  await clock.advance(HOUR)
  told.dated('default', expiresAt)
  told.dated('default', expiresAt)
  t.equal(lines.length, 1)
  t.match(lines.pop(), { level: ERROR, msg: /^tenant default: the access key expired on 2026-01-01; create another/ })
  await clock.advance(DAY)
  told.dated('default', expiresAt)
  t.strictSame(levels(), [ERROR])
})

t.test('each tenant and each date is news of its own', async t => {
  const { told, levels } = telling()
  told.dated('one', NOON + DAY)
  told.dated('two', NOON + DAY)
  told.dated('two', NOON + DAY)
  t.strictSame(levels(), [WARN, WARN])
  told.dated('two', NOON + 2 * DAY)
  told.dated('two', NOON + 90 * DAY)
  t.strictSame(levels(), [WARN])
})

t.test('why the date is not known is a detail', async t => {
  const { told, lines } = telling()
  told.untold('default', 'api.test returned 403')
  const msg = 'tenant default: cannot tell when the access key expires: api.test returned 403'
  t.match(lines, [{ level: DEBUG, tenant: 'default', msg }])
})
