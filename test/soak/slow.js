// Clients that send most of a long head, and then a byte a second (slowloris): the proxy cuts them off, keeps no more of
// each than the longest head, and serves the others meanwhile as if they were not there.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { integer } from '../support/integer.js'
import { quantile } from '../support/quantile.js'
import { startProxy, startUpstream } from '../support/quick-stack.js'

const CLIENTS = 10

/** In milliseconds: a head has 20 s, is looked for each second, and a told client has 5 s more to close its side. */
const CUT_OFF = 30_000

/** What a slow client sends at once, in bytes: nearly the longest head. */
const HEAD = 127_000

/** What resident memory may grow by for each slow client, in MB: the longest head, and a fifth for all else. */
const GROWTH = 0.16

/** And for all of them together, in MB. */
const NOISE = 30

/** How often a slow client sends a byte, in milliseconds. */
const DRIP = 1_000

/** How long clients are measured while there is no slow one, once to warm up and once to compare, in milliseconds. */
const UNDISTURBED = 3_000

/** How much slower the median request may be beside the slow clients. */
const TOLERANCE = 3

const { values } = parseArgs({ options: { sockets: { type: 'string', default: '2000' } } })
const total = integer(values.sockets, 1, 10_000)

const upstream = await startUpstream()
const { proxy, port, url } = await startProxy(upstream.url)

const dispatcher = new Agent({ connections: CLIENTS })
await measure(sleep(UNDISTURBED))
const before = await measure(sleep(UNDISTURBED))
const memory = proxy.memory
const slow = Array.from({ length: total }, drip)
const beside = await measure(Promise.race([Promise.all(slow), sleep(CUT_OFF)]))
const cut = (await Promise.all(slow.map(each => Promise.race([each, false])))).filter(Boolean).length
const growth = proxy.memory - memory
await dispatcher.close()
const code = await proxy.end()
upstream.close()

const ratio = beside.median / before.median
console.log(`${total} slow clients, ${cut} of them cut off within ${CUT_OFF / 1000} s`)
console.log(
  `${beside.count} requests beside them, ${beside.failed} failed, the median ${ratio.toFixed(2)} times as slow`,
)
console.log(`resident memory grew by ${growth.toFixed(0)} MB`)
const isSmall = growth < total * GROWTH + NOISE
const isGood = isSmall && cut === total && beside.failed === 0 && beside.count > 0 && ratio < TOLERANCE && code === 0
console.log(isGood ? 'OK' : 'FAILED')
process.exit(isGood ? 0 : 1)

/** Has clients ask until something is over, and gives how it went. */
async function measure(over) {
  const times = []
  let [failed, done] = [0, false]
  over.then(() => {
    done = true
  })
  const client = async () => {
    while (!done) {
      const from = performance.now()
      const answer = await request(`${url}/v2/policy`, { dispatcher }).catch(() => undefined)
      await answer?.body.dump()
      if (answer?.statusCode !== 200) failed++
      times.push(performance.now() - from)
      await sleep(5)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return { failed, count: times.length, median: quantile(times, 0.5) }
}

/** A client that sends its head byte by byte; resolves with true when it is cut off. */
function drip() {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write(`GET /v2/policy HTTP/1.1\r\nhost: localhost\r\nx-slow: ${'x'.repeat(HEAD)}`)
    const timer = setInterval(() => socket.write('x'), DRIP)
    socket.on('error', () => {}).resume()
    socket.once('close', () => {
      clearInterval(timer)
      resolve(true)
    })
  })
}
