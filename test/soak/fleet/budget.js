import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { systemClock } from '../../../src/kernel/clock.ts'
import { DEMO_USER, startSimulator } from '../../../src/simulator/index.ts'
import { figure, tellOutages } from './figure.js'
import { ask, environment, failures, startMembers, sumOf } from './proxies.js'
import { Redis } from './redis.js'

const MEMBERS = 8
const CLIENTS_OF_EACH = 5
const PATH = '/v2/policy'
const LIMIT = { rate: 20, burst: 20 }

/** The fraction of the limit that somebody else takes, whom the fleet does not know. */
const TAKEN = 1 / 3

/** How long the members have to find out that there is a limit, and that another uses it, in milliseconds. */
const WARM_UP = 5_000

/** Shares a limit for so many seconds; Redis dies after a quarter of them if `dies`, and is back after a half. */
export async function budget({ refill, seconds, dies }) {
  const rateLimits = { [`GET ${PATH}`]: LIMIT }
  const simulator = await startSimulator({ clock: systemClock, rateLimits, refill })
  const redis = await Redis.start()
  const members = await startMembers(MEMBERS, environment(simulator, redis))
  const begin = performance.now() + WARM_UP
  const end = begin + seconds * 1000
  const isOver = () => performance.now() >= end
  const counts = () => performance.now() >= begin && !isOver()
  const taken = { served: 0, refused: 0 }
  const others = unknownParty(simulator, taken, { isOver, counts })
  const asking = members.map(member =>
    ask(member, { clients: CLIENTS_OF_EACH, path: PATH, pause: () => undefined, isOver, counts }),
  )
  await sleep(WARM_UP)
  const before = simulator.counts.throttled
  if (dies) void outage(redis, seconds * 1000)
  await sleep(end - performance.now())
  const throttled = simulator.counts.throttled - before - taken.refused
  const answers = await Promise.all(asking)
  await others
  for (const { child } of members) await child.end()
  await simulator.close()
  await redis.end()

  const served = answers.map(statuses => statuses.get(200) ?? 0)
  const own = served.reduce((sum, n) => sum + n, 0)
  const used = (own + taken.served) / (LIMIT.rate * seconds)
  const spread = (Math.max(...served) - Math.min(...served)) / (own / MEMBERS)
  const refused = throttled / (own + throttled)
  const failed = failures(sumOf(answers))
  const name = `${MEMBERS} members at 20/s, ${refill}${dies ? ', Redis killed' : ''}`
  console.log(`       ${served.join(' ')}, refused ${throttled}; another: ${taken.served}, refused ${taken.refused}`)
  tellOutages(members.map(({ child }) => child))
  if (dies)
    return [
      figure(`${name}: client errors`, failed.join(', ') || 0, failed.length === 0, 0),
      figure(`${name}: 429 at the upstream`, percent(refused), refused <= 0.01, '≤ 1 %'),
    ]
  return [
    figure(`${name}: 429s seen`, failed.join(', ') || 0, failed.length === 0, 0),
    figure(`${name}: share of the limit used`, percent(used), used >= 0.95, '≥ 95 %'),
    figure(`${name}: spread between members`, percent(spread), spread <= 0.15, '≤ 15 %'),
  ]
}

/** Takes its part of the limit, with a session of its own. */
async function unknownParty({ url }, taken, { isOver, counts }) {
  const { accessKeyId, secretKey } = DEMO_USER
  const login = await request(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: accessKeyId, password: secretKey }),
  })
  const headers = { 'x-redlock-auth': (await login.body.json()).token }
  const asked = []
  while (!isOver()) {
    asked.push(
      request(`${url}${PATH}`, { headers }).then(async ({ statusCode, body }) => {
        await body.dump()
        if (counts()) taken[statusCode === 200 ? 'served' : 'refused']++
      }),
    )
    await sleep((1000 / (LIMIT.rate * TAKEN)) * (0.5 + Math.random()))
  }
  await Promise.all(asked)
}

async function outage(redis, milliseconds) {
  await sleep(milliseconds / 4)
  await redis.die()
  await sleep(milliseconds / 4)
  await redis.comeBack()
}

function percent(part) {
  return `${(part * 100).toFixed(1)} %`
}
