import t from 'tap'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import { EndController } from '../../src/kernel/end-signal.ts'
import { Pacer } from '../../src/pacing/pacer.ts'

/** Limits that are used up by requests that come at once, and how many wait at each: five hundred in all. */
const RATES = [150, 175, 200, 225, 250, 275, 300, 325, 350, 375]
const WAITS = 50
const BURST = 5

/** Milliseconds after which whoever still waits has been forgotten; all are served in a tenth of it. */
const TOO_LONG = 10_000

/** The machine's clock at its worst: a reading takes so many milliseconds, and timers are as early as Node's may be. */
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

t.test('in real time, too, everybody who waits has a turn, though nothing else ever happens', async t => {
  const settings = () => ({ enabled: true, maxWait: 3 * TOO_LONG, maxQueue: 2 * RATES.length * WAITS })
  const pacer = new Pacer({ clock: badClock, settings })
  const signal = new EndController('left')
  let served = 0
  const ask = async (rate: number) => {
    const endpoint = { key: `default GET /${rate}`, declared: { rate, burst: BURST } }
    const turn = await pacer.admit(endpoint, { client: {}, returned: false, waited: 0, signal })
    turn?.answered({ kind: 'served', limit: undefined, pause: 0 })
    served++
  }
  const requests = RATES.flatMap(rate => Array.from({ length: BURST + WAITS }, () => ask(rate)))
  const tooLate = new Promise(resolve => setTimeout(resolve, TOO_LONG))
  await Promise.race([Promise.all(requests), tooLate])
  t.equal(served, requests.length)
  t.equal(pacer.waiting, 0)
})
