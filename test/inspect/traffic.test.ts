import t from 'tap'
import { Traffic } from '../../src/inspect/traffic.ts'
import { testClock } from '../support/clock.ts'

const START = Date.UTC(2026, 0, 1)

t.test('requests are counted in slots of 30 seconds, and those without any are left out', async t => {
  const clock = testClock(START)
  const traffic = new Traffic(clock)
  t.same(traffic.slots(), [])
  traffic.count({ failed: false, took: 64 })
  traffic.count({ failed: true, took: 64 })
  await clock.advance(90_000)
  traffic.count({ failed: false, took: 1 })
  t.same(traffic.slots(), [
    { startedAt: START, requests: 2, failed: 1, p50: 64, p95: 64 },
    { startedAt: START + 90_000, requests: 1, failed: 0, p50: 1, p95: 1 },
  ])
})

t.test('the times are those within which half of the requests ended, and 95 %', t => {
  const traffic = new Traffic(testClock())
  for (let n = 1; n <= 100; n++) traffic.count({ failed: false, took: n <= 50 ? 10 : n <= 95 ? 100 : 1000 })
  t.match(traffic.slots(), [{ requests: 100, p50: 9.5, p95: 107.6 }])
  traffic.count({ failed: false, took: 1000 })
  t.match(traffic.slots(), [{ requests: 101, p50: 107.6, p95: 1024 }], 'each is off by at most 9 %')
  t.end()
})

t.test('no time is off by more than 9 %, from a millisecond to 17 minutes', t => {
  const limits = { 0: 1, 0.2: 1, 1: 1, 9e9: 2 ** 20 }
  for (const [took, p50] of Object.entries(limits)) {
    const traffic = new Traffic(testClock())
    traffic.count({ failed: false, took: Number(took) })
    t.match(traffic.slots(), [{ p50 }], took)
  }
  for (let took = 1; took < 1_000_000; took *= 1.07) {
    const traffic = new Traffic(testClock())
    traffic.count({ failed: false, took })
    const error = Math.abs(Number(traffic.slots()[0]?.p50) / took - 1)
    if (error > 0.095) t.fail(`${took} became ${traffic.slots()[0]?.p50}`)
  }
  t.end()
})

t.test('an hour is kept, whatever the wall clock does', async t => {
  const clock = testClock(START)
  const traffic = new Traffic(clock)
  traffic.count({ failed: false, took: 1 })
  await clock.advance(119 * 30_000)
  traffic.count({ failed: true, took: 1 })
  t.match(traffic.slots(), [{ startedAt: START }, { startedAt: START + 119 * 30_000 }])
  await clock.advance(30_000)
  t.match(traffic.slots(), [{ startedAt: START + 119 * 30_000 }])
  traffic.count({ failed: false, took: 1 })
  t.match(traffic.slots()[1], { requests: 1, failed: 0 }, 'the slot of an hour ago was emptied')
  clock.jump(-7_200_000)
  t.same(traffic.slots(), [])
  traffic.count({ failed: false, took: 1 })
  t.match(traffic.slots(), [{ startedAt: START - 3_600_000, requests: 1 }])
})
