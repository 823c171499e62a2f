import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/kernel/clock.ts'
import { startSimulator } from '../../../src/simulator/index.ts'
import { figure, tellOutages } from './figure.js'
import { ask, environment, failures, startMembers, statusOf, sumOf } from './proxies.js'
import { Redis } from './redis.js'

const MEMBERS = 8
const CLIENTS = 50

/** How long the tokens live, in seconds: the session rotates about every two. */
const LIFETIME = 5

/** The longest pause of a client between two requests, in milliseconds. */
const PAUSE = 100

/** Has the session of a fleet rotate so often under load, which no client notices. */
export async function rotations(count) {
  const simulator = await startSimulator({ clock: systemClock, tokenLifetime: LIFETIME, rateLimits: {} })
  const redis = await Redis.start()
  const members = await startMembers(MEMBERS, environment(simulator, redis))
  let isOver = false
  const asking = members.map((member, at) =>
    ask(member, {
      clients: Math.floor((CLIENTS + at) / MEMBERS),
      path: '/v2/policy',
      pause: () => sleep(Math.random() * PAUSE),
      isOver: () => isOver,
    }),
  )
  while (simulator.counts.extensions < count) await sleep(20)
  const { logins, extensions, unauthorized } = { ...simulator.counts }
  const states = await Promise.all(members.map(statusOf))
  isOver = true
  const statuses = sumOf(await Promise.all(asking))
  for (const { child } of members) await child.end()
  await simulator.close()
  await redis.end()

  const generations = states.map(({ tenants }) => tenants.default.session.generation)
  const calls = logins + extensions
  const name = `${MEMBERS} members, ${count} rotations, ${CLIENTS} clients`
  const failed = failures(statuses)
  console.log(`       ${statuses.get(200)} good answers; tokens that the members had: ${generations.join(', ')}`)
  tellOutages(members.map(({ child }) => child))
  return [
    figure(`${name}: 401s seen`, statuses.get(401) ?? 0, !statuses.has(401), 0),
    figure(`${name}: other failures`, failed.join(', ') || 0, failed.length === 0, 0),
    figure(`${name}: dead tokens sent`, unauthorized, unauthorized === 0, 0),
    figure(`${name}: auth calls`, calls, calls === Math.max(...generations) && logins === 1, count + 1),
  ]
}
