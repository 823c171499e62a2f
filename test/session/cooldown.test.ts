import t from 'tap'
import { Allowance } from '../../src/session/cooldown.ts'

const PAUSES = [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]

t.test('an allowance is there until it is spent, and for longer each time it is gone after that', async t => {
  const allowance = new Allowance()
  t.equal(allowance.isSpent(0), false)
  let now = 0
  for (const [n, pause] of PAUSES.entries()) {
    allowance.spend(now)
    t.equal(allowance.alarms, n + 1)
    t.equal(allowance.until, now + pause)
    t.equal(allowance.isSpent(now + pause - 1), true)
    now += pause
    t.equal(allowance.isSpent(now), false)
  }
})

t.test('it is there at once, and gone for the shortest time, when it is restored', async t => {
  const allowance = new Allowance()
  for (const now of PAUSES) allowance.spend(now)
  allowance.restore()
  t.equal(allowance.alarms, 0)
  t.equal(allowance.isSpent(0), false)
  allowance.spend(0)
  t.equal(allowance.until, PAUSES[0])
})

t.test('what was spent can be given back', async t => {
  const allowance = new Allowance()
  allowance.spend(0)
  const undo = allowance.spend(100)
  undo()
  t.match(allowance, { alarms: 1, until: PAUSES[0] })
})

t.test(
  'it is gone for as long again from when what it was spent on happens again, but not once it is there',
  async t => {
    const allowance = new Allowance()
    allowance.prolong(0)
    t.equal(allowance.isSpent(0), false)
    allowance.spend(0)
    allowance.prolong(4_000)
    t.match(allowance, { alarms: 1, until: 9_000 })
    allowance.prolong(9_000)
    t.equal(allowance.until, 9_000)
  },
)
