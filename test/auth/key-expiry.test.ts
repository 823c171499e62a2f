import t from 'tap'
import { expiryNotice } from '../../src/auth/key-expiry.ts'
import { DAY } from '../../src/kernel/instant.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const CURE = /; create another one in the console .* without a restart$/

t.test('from 14 days before, and once it has expired, the notice says what to do', async t => {
  const rows: [daysLeft: number, level: string, text: RegExp][] = [
    [365, 'info', /^expires on 2027-01-01, in 365 days$/],
    [14, 'info', /^expires on 2026-01-15, in 14 days$/],
    [14 - 1 / DAY, 'warn', /^expires on 2026-01-15, in 13 days; /],
    [2, 'warn', /^expires on 2026-01-03, in 2 days; /],
    [1.99, 'warn', /^expires on 2026-01-03, in 1 day; /],
    [0.99, 'warn', /^expires on 2026-01-02, in less than a day; /],
    [1 / DAY, 'warn', /^expires on 2026-01-01, in less than a day; /],
    [0, 'error', /^expired on 2026-01-01; /],
    [-100, 'error', /^expired on 2025-09-23; /],
  ]
  for (const [daysLeft, level, expected] of rows) {
    const notice = expiryNotice(NOW + daysLeft * DAY, NOW)
    t.equal(notice.level, level, `${daysLeft}`)
    t.match(notice.text, expected)
    t.equal(CURE.test(notice.text), level !== 'info')
  }
})

t.test('the latest date that there is has a name, too', async t => {
  t.match(expiryNotice(8.64e15, NOW).text, /^expires on \+275760-09-13, in \d+ days$/)
})
