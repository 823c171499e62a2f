import type { Clock } from '../../kernel/clock.ts'
import type { Simulator } from '../../simulator/index.ts'
import { Crew, type FleetView } from './crew.ts'
import type { DemoProxy } from './proxies.ts'
import type { RedisServer } from './redis-server.ts'
import { type StepResult, take } from './step.ts'
import { TourClient } from './tour-client.ts'

/** A fleet that has just been started. */
export interface DemoFleet {
  readonly simulator: Pick<Simulator, 'url' | 'counts'>
  readonly redis: RedisServer
  readonly proxies: readonly [DemoProxy, DemoProxy, DemoProxy]
}

/** Of the endpoint with the rate limit: the paths that each proxy gets, and how they are written for curl. */
const ALERTS = { paths: Array.from({ length: 8 }, (_, at) => `/alert/P-100${at}`), glob: '/alert/P-100[0-7]' }

/**
 * How often the API may respond with 429, which the proxies retry. If they did not share, it would be 14 times. On a busy
 * machine Redis may take too long once, so that a proxy goes on alone for a moment.
 */
const MOST_THROTTLED = 4

/** Takes the tour of a fleet, of which it kills a proxy and Redis, and yields the result of each step. */
export async function* fleetTour(
  { simulator: { counts }, redis, proxies }: DemoFleet,
  clock: Clock,
): AsyncGenerator<StepResult> {
  const client = new TourClient()
  const all = new Crew(proxies, client, clock)
  const logins = () => `logins at the API: ${counts.logins}`
  let [keeper] = proxies
  try {
    yield await take('Three proxies start: one login', all.curl('/_proxy/status'), async () => {
      const views = await all.views(isUpWith(3))
      keeper = proxies[views.findIndex(hasLoggedIn)] ?? keeper
      return { outcome: `${describe(views)}; ${logins()}`, held: views.every(isUpWith(3)) && counts.logins === 1 }
    })

    const limited = 'One budget: requests to all three, for an endpoint that allows 10 at once and 5 per second'
    yield await take(limited, all.curl(ALERTS.glob), async () => {
      const start = clock.monotonic()
      const codes = await all.get(ALERTS.paths)
      const seconds = ((clock.monotonic() - start) / 1000).toFixed(1)
      const held = codes === `${3 * ALERTS.paths.length} × 200` && counts.throttled <= MOST_THROTTLED
      return { outcome: `${codes} in ${seconds} s; 429s at the API: ${counts.throttled}`, held }
    })

    const others = all.without(keeper)
    const goOn = async () => {
      const codes = await others.get(['/v2/policy'])
      return { outcome: `${codes}; ${logins()}`, held: codes === '2 × 200' && counts.logins === 1 }
    }
    const request = others.curl('/v2/policy')
    const killed = 'The proxy that logged in is killed: the others keep its session'
    yield await take(killed, `kill -9 ${keeper.pid}; ${request}`, async () => {
      await keeper.kill()
      return goOn()
    })

    yield await take('Redis is killed: requests succeed as before', `kill -9 ${redis.pid}; ${request}`, async () => {
      await redis.kill()
      return goOn()
    })

    yield await take('The status says why each proxy is on its own', others.curl('/_proxy/status'), async () => {
      const views = await others.views(isDown)
      return { outcome: describe(views), held: views.every(isDown) }
    })

    const back = 'Redis is back, with nothing in it: the proxies share again'
    yield await take(back, others.curl('/_proxy/status'), async () => {
      await redis.restart()
      const views = await others.views(isUpWith(2))
      return { outcome: `${describe(views)}; ${logins()}`, held: views.every(isUpWith(2)) && counts.logins === 1 }
    })
  } finally {
    await client.close()
  }
}

function isUpWith(count: number): (view: FleetView) => boolean {
  return ({ state, members }) => state === 'up' && members.length === count
}

function isDown({ state, reason }: FleetView): boolean {
  return state === 'down' && reason !== null
}

function hasLoggedIn({ members }: FleetView): boolean {
  return members.some(({ isThis, lastRenewal }) => isThis && lastRenewal !== null)
}

/** Describes what the proxies see: once if they agree. */
function describe(views: readonly FleetView[]): string {
  const texts = views.map(({ state, reason, members }) =>
    reason === null ? `${state}, members ${members.map(({ name }) => name).join(', ')}` : `${state}: ${reason}`,
  )
  return [...new Set(texts)].join('; ')
}
