import t from 'tap'
import { Cooldown } from '../../src/session/cooldown.ts'

const DURATIONS = [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]

t.test('a cooldown lasts 5 s at first and twice as long after each further check, up to 60 s', async t => {
  const cooldown = new Cooldown()
  t.equal(cooldown.isActive(0), false)
  let now = 0
  for (const [n, duration] of DURATIONS.entries()) {
    cooldown.start(now)
    t.equal(cooldown.unjustified, n + 1)
    t.equal(cooldown.until, now + duration)
    t.equal(cooldown.isActive(now + duration - 1), true)
    now += duration
    t.equal(cooldown.isActive(now), false)
  }
})

t.test('reset() ends it, and the next one is the shortest again', async t => {
  const cooldown = new Cooldown()
  for (const now of DURATIONS) cooldown.start(now)
  cooldown.reset()
  t.equal(cooldown.unjustified, 0)
  t.equal(cooldown.isActive(0), false)
  cooldown.start(0)
  t.equal(cooldown.until, DURATIONS[0])
})

t.test('a start can be undone', async t => {
  const cooldown = new Cooldown()
  cooldown.start(0)
  const undo = cooldown.start(100)
  undo()
  t.match(cooldown, { unjustified: 1, until: DURATIONS[0] })
})

t.test('prolong() restarts an active cooldown, but not one that has ended', async t => {
  const cooldown = new Cooldown()
  cooldown.prolong(0)
  t.equal(cooldown.isActive(0), false)
  cooldown.start(0)
  cooldown.prolong(4_000)
  t.match(cooldown, { unjustified: 1, until: 9_000 })
  cooldown.prolong(9_000)
  t.equal(cooldown.until, 9_000)
})
