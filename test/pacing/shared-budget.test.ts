import t from 'tap'
import { REFILLS } from '../../src/simulator/rate-limits.ts'
import { Random } from '../support/random.ts'
import { live, type WorldOptions } from './world.ts'

/** The seconds after which others send requests. */
const COME = 30
const SECONDS = 90

/** The fraction of what others leave that is used. A pacer that refills all the time wastes some of what comes in steps. */
const USED = { continuous: 0.95, stepwise: 0.8 }

const random = new Random(7)
const way = (most: number) => (): [number, number] => [random.between(5, 60), random.between(5, most)]
const once = (perSecond: number) => (seconds: number) => (seconds < COME ? 0 : perSecond)

const worlds: Record<string, Partial<WorldOptions>> = {
  'take half of it': {},
  'take half of it, while answers take seconds': { clients: Array(20).fill(8), way: way(5_000) },
  'take half of a small one': { rate: 2, burst: 10, clients: Array(5).fill(2), others: once(1), way: way(300) },
  'take half of the smallest': { rate: 1, burst: 5, clients: Array(3).fill(2), others: once(0.5), way: way(300) },
  'take half of one that has no burst': { rate: 4, burst: 4, clients: Array(3).fill(3), others: once(2) },
  'take half of a large one': { rate: 80, burst: 80, clients: Array(20).fill(10), others: once(40), way: way(500) },
  'come and go': { others: seconds => (Math.floor(seconds / 10) % 2 ? 15 : 0) },
  'come all at once now and then': {
    rate: 80,
    burst: 80,
    clients: Array(20).fill(1),
    others: seconds => (seconds >= COME && seconds % 5 < 0.1 ? 1000 : 0),
  },
  'come all at once each second': { others: seconds => (seconds >= COME && seconds % 1 < 0.1 ? 100 : 0) },
}

const cases = REFILLS.flatMap(refill => Object.entries(worlds).map(([name, world]) => ({ refill, name, world })))

for (const { refill, name, world: options } of cases) {
  t.test(`a ${refill} limit is used up but no client sees a refusal when others ${name}`, async t => {
    const { rate, burst, clients, ...rest } = { rate: 20, burst: 20, clients: Array(20).fill(1), ...options }
    const seconds = SECONDS
    const world = { rate, burst, clients, way: way(60), others: once(10), ...rest, seconds, refill }
    const { waits, othersServed, refused, failed, bySecond } = await live(world)
    const served = waits.flat().length
    const left = burst + rate * seconds - othersServed
    t.equal(failed, 0)
    t.ok(served >= USED[refill] * left, `${served} of ${left} are served, ${refused} are refused by the upstream`)
    const means = waits.map(each => each.reduce((sum, ms) => sum + ms, 0) / each.length)
    t.ok(Math.max(...means) <= 1.2 * Math.min(...means), `clients wait for ${means.map(Math.round)} ms`)
    const late = bySecond.slice(-20)
    if (!options.others && !options.way) t.ok(Math.max(...late) - Math.min(...late) <= rate / 2, `evenly: ${late}`)
  })
}

t.test('a burst of requests to a limit that nobody has documented is not refused', async t => {
  for (const [rate, count] of [
    [20, 200],
    [80, 600],
  ] as const) {
    const alone = { clients: [count], others: () => 0, seconds: 4, refill: 'continuous' } as const
    const { refused, waits } = await live({ rate, burst: rate, way: way(60), ...alone })
    t.equal(refused, 0, `${rate} requests a second`)
    const served = waits.flat().length
    t.ok(served >= 0.9 * (rate + rate * alone.seconds), `${served} are served nevertheless`)
  }
})
