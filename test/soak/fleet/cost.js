import { Agent, request } from 'undici'
import { systemClock } from '../../../src/kernel/clock.ts'
import { startSimulator } from '../../../src/simulator/index.ts'
import { quantile } from '../../support/quantile.js'
import { figure } from './figure.js'
import { environment, startMembers } from './proxies.js'
import { Redis } from './redis.js'

/** A limit that nobody waits for, but that is counted. */
const LIMIT = { rate: 1_000_000, burst: 1_000_000 }
const PACED = '/v2/alert'
const FREE = '/v2/policy'

/** How many requests follow each other before it is the turn of the other proxy. */
const WINDOW = 200

/** How many windows each proxy has to warm up. */
const WARM_UP = 5

/** In how many windows two proxies are compared. One process is faster than the next of its kind by up to 10 %. */
const OF_A_PAIR = 2

/** Compares proxies in a fleet with proxies without, in windows that take turns. */
export async function cost(windows) {
  const simulator = await startSimulator({ clock: systemClock, rateLimits: { [`GET ${PACED}`]: LIMIT } })
  const redis = await Redis.start()
  const within = environment(simulator, redis)
  const { PRISMACLOUD_PROXY_FLEET_REDIS_URL: _, ...without } = within
  const [free, paced] = [[], []]
  for (let n = 0; free.length < windows; n++) {
    const pair = []
    for (const at of orderOf(n)) [pair[at]] = await startMembers(1, at === 0 ? without : within)
    free.push(...(await compare(FREE, pair)))
    paced.push(...(await compare(PACED, pair)))
    for (const { child } of pair) await child.end()
  }
  await simulator.close()
  await redis.end()

  const extra = quantile(
    paced.map(([one, other]) => other.p50 - one.p50),
    0.5,
  )
  const ratio = key =>
    quantile(
      free.map(([one, other]) => other[key] / one[key]),
      0.5,
    )
  const [p50, cpu] = [ratio('p50'), ratio('cpu')]
  return [
    figure('a request without a limit, p50', `${p50.toFixed(3)} of that without a fleet`, p50 <= 1.05, '≤ 1.05'),
    figure('a request without a limit, CPU', `${cpu.toFixed(3)} of that without a fleet`, cpu <= 1.05, '≤ 1.05'),
    figure('a paced request, p50', `${extra.toFixed(2)} ms more`, extra <= 0.5, '≤ 0.5 ms'),
  ]
}

/** Measures both proxies in turn, and gives the pairs of windows. */
async function compare(path, proxies) {
  const dispatcher = new Agent({ connections: 1 })
  const pairs = []
  for (let n = 0; n < WARM_UP + OF_A_PAIR; n++) {
    const pair = []
    for (const at of orderOf(n)) pair[at] = await measure(proxies[at], path, dispatcher)
    if (n >= WARM_UP) pairs.push(pair)
  }
  await dispatcher.close()
  return pairs
}

/** Each of a pair is the first as often as the other. */
function orderOf(n) {
  return n % 2 ? [1, 0] : [0, 1]
}

async function measure({ url, child }, path, dispatcher) {
  const times = []
  const before = child.cpu
  for (let n = 0; n < WINDOW; n++) {
    const from = performance.now()
    const { body } = await request(`${url}${path}`, { dispatcher })
    await body.dump()
    times.push(performance.now() - from)
  }
  return { p50: quantile(times, 0.5), cpu: (child.cpu - before) / WINDOW }
}
