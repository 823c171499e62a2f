import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/kernel/clock.ts'
import { startSimulator } from '../../../src/simulator/index.ts'
import { Child } from '../../support/child.js'
import { figure, tellOutages } from './figure.js'
import { environment } from './proxies.js'
import { Redis } from './redis.js'

/** How many members a process has: on a small machine, so many processes of their own would not start at once. */
const PER_PROCESS = 10

const STRIP_TYPES = fileURLToPath(new URL('../../../.ci/strip-types.js', import.meta.url))
const CROWD = fileURLToPath(new URL('crowd.js', import.meta.url))

/** Starts so many members at once, which log in once. */
export async function logins(members) {
  const [simulator, redis] = [await startSimulator({ clock: systemClock }), await Redis.start()]
  const sizes = Array.from({ length: Math.ceil(members / PER_PROCESS) }, (_, at) =>
    Math.min(PER_PROCESS, members - at * PER_PROCESS),
  )
  const crowds = sizes.map(size => startCrowd(size, environment(simulator, redis)))
  for (const crowd of crowds) await crowd.printed(/(prepared)/)
  for (const crowd of crowds) crowd.signal('SIGUSR2')
  for (const crowd of crowds) await crowd.printed(/(all started)/)
  for (const crowd of crowds) await crowd.kill()
  tellOutages(crowds)
  const { counts } = simulator
  await simulator.close()
  await redis.end()
  return [figure(`logins when ${members} members start at once`, counts.logins, counts.logins === 1, 1)]
}

function startCrowd(size, env) {
  return new Child('a crowd', process.execPath, [`--import=${STRIP_TYPES}`, CROWD], { ...env, MEMBERS: `${size}` })
}
