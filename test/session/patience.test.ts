import t from 'tap'
import { Patience } from '../../src/session/shared/patience.ts'
import { testClock } from '../support/clock.ts'

t.test('a call is urgent after a second, or half the time that the token has left', async t => {
  for (const [left, ms] of [
    [0, 1000],
    [600_000, 1000],
    [500, 250],
  ] as const) {
    const clock = testClock()
    const isUrgent = new Patience(clock).begin(left)
    await clock.advance(ms - 10)
    t.equal(isUrgent(), false)
    await clock.advance(20)
    t.equal(isUrgent(), true)
  }
})

t.test('a call is urgent while a request waits', async t => {
  const patience = new Patience(testClock())
  const isUrgent = patience.begin(0)
  let end = () => {}
  const waiting = patience.hurried(new Promise<void>(resolve => (end = resolve)))
  t.equal(isUrgent(), true)
  end()
  await waiting
  t.equal(isUrgent(), false)
  await t.rejects(patience.hurried(Promise.reject(new Error('no'))), { message: 'no' })
  t.equal(isUrgent(), false)
})
