import t from 'tap'
import { later } from '../../src/kernel/instant.ts'
import { endOf, extensionDelay, timeLeft, usableLife } from '../../src/session/schedule.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

const extensions: [lifetime: number, latest: number, earliest: number][] = [
  [10 * MINUTE, 7 * MINUTE, 6 * MINUTE],
  [60 * MINUTE, 57 * MINUTE, 51 * MINUTE],
  [6 * MINUTE, 3 * MINUTE, 2.4 * MINUTE],
  [5 * MINUTE, 2.5 * MINUTE, 2 * MINUTE],
  [2 * SECOND, SECOND, 0.8 * SECOND],
]

for (const [lifetime, latest, earliest] of extensions) {
  t.test(`a token of ${lifetime / 1000} s is extended after ${earliest / 1000} to ${latest / 1000} s`, async t => {
    t.equal(extensionDelay(lifetime, 0), latest)
    t.equal(extensionDelay(lifetime, 1), earliest)
    t.ok(extensionDelay(lifetime, 0) < usableLife(lifetime), 'before it may no longer be sent')
  })
}

t.test('a token is not sent in its last five seconds, or in the last 25 % of a short lifetime', async t => {
  t.equal(usableLife(10 * MINUTE), 10 * MINUTE - 5 * SECOND)
  t.equal(usableLife(100 * SECOND), 95 * SECOND)
  t.equal(usableLife(10 * SECOND), 7.5 * SECOND)
})

t.test('the time left goes from the usable lifetime down to 0', async t => {
  const now = { wall: Date.UTC(2026, 0, 1), monotonic: 0.1 }
  const end = endOf(10 * MINUTE, now)
  t.equal(timeLeft(end, now), 595 * SECOND)
  t.equal(timeLeft(end, later(now, 594 * SECOND)), SECOND)
  t.equal(timeLeft(end, later(now, 654 * SECOND)), 0)
})
