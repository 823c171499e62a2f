import t from 'tap'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Pacer } from '../../src/pacing/pacer.ts'

/** Limits that are used up at once, and how many requests wait for each: five hundred in all. */
const RATES = [150, 175, 200, 225, 250, 275, 300, 325, 350, 375]
const WAITS = 50
const BURST = 5

/** The milliseconds after which a request that still waits was forgotten; all should be served in 10 % of it. */
const TOO_LONG = 10_000

/** The system clock at its worst: each reading takes some milliseconds, and timers fire as early as Node.js may. */
const READING = 0.05
const EARLY = 1

const badClock: Clock = {
  ...systemClock,
  monotonic() {
    const now = systemClock.monotonic()
    while (systemClock.monotonic() < now + READING) {}
    return now
  },
  setTimeout: (run, ms) => systemClock.setTimeout(run, ms - EARLY),
}

t.test('in real time, too, every waiting request gets a permit, even if nothing else happens', async t => {
  const settings = () => ({ enabled: true, maxWait: 3 * TOO_LONG, maxQueue: 2 * RATES.length * WAITS })
  const pacer = new Pacer({ clock: badClock, settings })
  const signal = new EndController('left')
  let served = 0
  const ask = async (rate: number) => {
    const endpoint = { key: `default GET /${rate}`, declared: { rate, burst: BURST } }
    const permit = await pacer.admit(endpoint, { client: {}, returned: false, waited: 0, signal })
    permit?.answered({ kind: 'served', limit: undefined, isConclusive: true, pause: 0 })
    served++
  }
  const requests = RATES.flatMap(rate => Array.from({ length: BURST + WAITS }, () => ask(rate)))
  const tooLate = new Promise(resolve => setTimeout(resolve, TOO_LONG))
  await Promise.race([Promise.all(requests), tooLate])
  t.equal(served, requests.length)
  t.equal(pacer.waiting, 0)
})
