// Ten times as many clients as the proxy serves at one time: it answers those that it lets in as quickly as it did before
// the others came, and tells the others 503 in less time than the answers take.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { integer } from '../support/integer.js'
import { startProxy, startUpstream } from '../support/quick-stack.js'

/** How many requests the proxy serves at one time. */
const SERVED = 50

const OVERLOAD = 10

/** How long the upstream takes to answer, and how long who was told 503 waits before the next try, in milliseconds. */
const [TAKES, PAUSE] = [100, 100]

/** A busy machine takes longer with ten times the requests; more than this it does not. */
const TOLERANCE = 1.5

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } })
const duration = integer(values.seconds, 1, 600) * 1000

const upstream = await startUpstream(() => sleep(TAKES))
const { proxy, url } = await startProxy(upstream.url, { PRISMACLOUD_PROXY_LISTEN_MAX_REQUESTS: `${SERVED}` })

const dispatcher = new Agent({ connections: SERVED * OVERLOAD })
await measure(SERVED)
const alone = await measure(SERVED)
const crowded = await measure(SERVED * OVERLOAD)
await dispatcher.close()
const code = await proxy.end()
upstream.close()

const [p50, p99] = [0.5, 0.99].map(part => quantile(crowded.served, part) / quantile(alone.served, part))
const refusal = quantile(crowded.refused, 0.5) / quantile(crowded.served, 0.5)
console.log(`${SERVED} clients: ${alone.served.length} served, ${alone.refused.length} refused, ${alone.others} others`)
console.log(
  `${SERVED * OVERLOAD} clients: ${crowded.served.length} served, in the median ${p50.toFixed(2)} and at p99 ` +
    `${p99.toFixed(2)} times as slow; ${crowded.refused.length} refused, in ${refusal.toFixed(2)} of the time that an ` +
    `answer takes; ${crowded.others} others`,
)
const isComplete = alone.refused.length + alone.others + crowded.others === 0 && crowded.refused.length > 0
const isGood = isComplete && p50 < TOLERANCE && refusal < 1 && code === 0
console.log(isGood ? 'OK' : 'FAILED')
process.exit(isGood ? 0 : 1)

/** Has so many clients ask again and again, and gives how long each answer took, by its kind. */
async function measure(clients) {
  const result = { served: [], refused: [], others: 0 }
  const end = performance.now() + duration
  const client = async () => {
    while (performance.now() < end) {
      const from = performance.now()
      const answer = await request(`${url}/v2/policy`, { dispatcher }).catch(() => undefined)
      await answer?.body.dump()
      const took = performance.now() - from
      if (answer?.statusCode === 200) result.served.push(took)
      else if (answer?.statusCode === 503 && answer.headers['retry-after'] === '1') result.refused.push(took)
      else result.others++
      if (answer?.statusCode !== 200) await sleep(PAUSE)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return result
}

function quantile(values, part) {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) * part)]
}
