import t from 'tap'
import { fullJitter } from '../../src/kernel/backoff.ts'

const bounds = { base: 500, cap: 60_000 }

t.test('a wait is between 0 and a limit that doubles with each attempt, up to the cap', async t => {
  const ceilings = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
  for (const [attempt, ceiling] of ceilings.entries()) {
    t.equal(
      fullJitter(attempt, bounds, () => 0),
      0,
    )
    t.equal(
      fullJitter(attempt, bounds, () => 0.5),
      ceiling / 2,
    )
    t.equal(
      fullJitter(attempt, bounds, () => 1 - Number.EPSILON),
      ceiling,
    )
  }
})

t.test('no wait exceeds the cap, however many attempts', async t => {
  t.equal(
    fullJitter(5000, bounds, () => 0.5),
    30_000,
  )
})

t.test('waits are whole milliseconds', async t => {
  t.equal(
    fullJitter(0, { base: 3, cap: 3 }, () => 0.4),
    1,
  )
})

t.test('without a random source of its own it uses Math.random', async t => {
  const wait = fullJitter(0, bounds)
  t.ok(wait >= 0 && wait <= 500)
})
