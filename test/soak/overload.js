// Ten times as many clients as the proxy serves at one time: it answers those that it lets in as quickly as it did before
// the others came, and tells the others 503 without making them wait.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Child } from '../support/child.js'
import { integer } from '../support/integer.js'
import { quantile } from '../support/quantile.js'
import { startProxy, startUpstream } from '../support/quick-stack.js'
import { ask } from './ask.js'

/** How many requests the proxy serves at one time. */
const SERVED = 50

const OVERLOAD = 10

/** How long the upstream takes to answer, in milliseconds. */
const TAKES = 100

/** How long what is not measured lasts, in milliseconds: so that V8 has compiled what it will. */
const WARM_UP = 3_000

/** A busy machine takes longer with ten times the requests; so much longer it does not. */
const TOLERANCE = 3

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } })
const duration = integer(values.seconds, 1, 600) * 1000

const upstream = await startUpstream(() => sleep(TAKES))
const { proxy, url: base } = await startProxy(upstream.url, { PRISMACLOUD_PROXY_LISTEN_MAX_REQUESTS: `${SERVED}` })
const url = `${base}/v2/policy`

await crowded(WARM_UP)
const alone = await ask(url, SERVED, duration)
const { own, crowd } = await crowded(duration)
const code = await proxy.end()
upstream.close()

const ratio = part => quantile(own.served, part) / quantile(alone.served, part)
const refusal = crowd.refusal / quantile(own.served, 0.5)
const [served, refused] = [own.served.length + crowd.served, own.refused.length + crowd.refused]
const others = alone.others + own.others + crowd.others
console.log(`${SERVED} clients: ${alone.served.length} served, ${alone.refused.length} refused`)
console.log(
  `${SERVED * OVERLOAD} clients: ${served} served, in the median ${ratio(0.5).toFixed(2)} and at p99 ` +
    `${ratio(0.99).toFixed(2)} times as slow; ${refused} refused, in ${refusal.toFixed(2)} of the time that an answer takes`,
)
const isGood = alone.refused.length + others === 0 && refused > 0 && ratio(0.5) < TOLERANCE && code === 0
console.log(isGood ? 'OK' : `FAILED: ${others} other answers, the proxy ended with ${code}`)
process.exit(isGood ? 0 : 1)

/** Asks with as many clients as are served, while the others ask too. */
async function crowded(milliseconds) {
  const script = fileURLToPath(new URL('crowd.js', import.meta.url))
  const env = { URL: url, CLIENTS: `${SERVED * (OVERLOAD - 1)}`, MILLISECONDS: `${milliseconds}` }
  const child = new Child('the crowd', process.execPath, [script], env)
  const own = await ask(url, SERVED, milliseconds)
  return { own, crowd: JSON.parse(await child.finished()) }
}
