// What it takes that the API is far away, in round trips: behind a link that delays what loopback does not, beside other
// proxies, and beside curl without any, which opens a connection for each of its processes.
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Child } from '../support/child.js'
import { quantile } from '../support/quantile.js'
import { until } from '../support/until.js'
import { accepts, answers, ask, askAtOnce } from './far/ask.js'
import { Curl } from './far/curl.js'
import { Figures } from './far/figures.js'
import { readOptions } from './far/options.js'
import { makeFolder } from './folder.js'
import { startPeer } from './peers.js'
import { freePort } from './port.js'
import { makeToken } from './token.js'

/** What takes turns in time, so that clients do not wait for each other's processor, in round trips. */
const STAGGER = 5

/** How long a proxy may take to be ready, and how often it is asked, in milliseconds. */
const [READY_DEADLINE, POLL_INTERVAL] = [20_000, 2]

const [FEW, MANY, WARM] = [20, 200, 5]
const BIG = 10_000_000

const READY = 'start to ready, others to listening'
const FIRST = 'first request after ready'
const NEXT = 'next request'
const CURLS = `${FEW} curls in turn, each`
const DOWN = '10 MB down, second request of a curl'
const UP = '10 MB up, second request of a curl'
const ONCE = `${FEW} at once right after ready, all answered`
const ONCE_HALF = `${FEW} at once right after ready, half answered`
const AGAIN = `${FEW} at once again, all answered`
const AGAIN_HALF = `${FEW} at once again, half answered`
const CROWD = `${MANY} at once, second time, all answered`
const CROWD_HALF = `${MANY} at once, second time, half answered`

const { rounds, roundTrip, idle, names } = readOptions()
const { folder, cert, certFile, keyFile } = await makeFolder()
const zeros = join(folder, 'zeros')
writeFileSync(zeros, '')
truncateSync(zeros, BIG)

const token = makeToken()
const upstream = startScript('upstream', { CERT: certFile, KEY: keyFile, TOKEN: token })
const target = await upstream.printed(/port (\d+)/)
const link = startScript('link', { TARGET: target, ROUND_TRIP: `${roundTrip}` })
const url = `https://localhost:${await link.printed(/port (\d+)/)}`

const figures = new Figures(roundTrip, names)
let processor = 0
const peers = names.filter(name => name !== 'curl')
for (let round = 0; round < rounds; round++) {
  for (const name of peers) {
    await withProxy(name, measureCalm)
    await withProxy(name, measureBursts)
  }
}
const idlers = await Promise.all(Array.from({ length: rounds }, () => peers.map(start)).flat())
// what curl does by itself is nearly all waiting, too
await Promise.all([measureIdling(), measureDirect()])
await Promise.all(idlers.map(end))

const title = `Node.js ${process.version}, medians of ${rounds}, in round trips of ${roundTrip} ms`
const ratio = (label, one, other) => figures.of(label, one) / figures.of(label, other)
console.log(
  figures.table(title, [
    [`${FEW} curls in turn, direct ÷ through it`, name => ratio(CURLS, 'curl', name)],
    ['10 MB down, through it ÷ direct', name => ratio(DOWN, name, 'curl')],
    ['10 MB up, through it ÷ direct', name => ratio(UP, name, 'curl')],
  ]),
)
if (peers.includes('ours')) console.log(`\nours used ${(processor / 1e6).toFixed(1)} s of the processor`)

for (const each of [link, upstream]) await each.end()

/** Starts a script beside this one, which says where it listens. */
function startScript(name, env) {
  const path = file => fileURLToPath(new URL(file, import.meta.url))
  const args = ['--import', path('../../.ci/strip-types.js'), path(`far/${name}.js`)]
  return new Child(`the ${name}`, process.execPath, args, env)
}

/** Starts a proxy, and waits until it has a session, or accepts connections if it needs none. */
async function start(name) {
  const port = await freePort()
  const from = performance.now()
  const proxy = await startPeer(name, { folder, port, upstream: url, token, cert })
  const look = () => (name === 'ours' ? answers(port, '/_proxy/readyz') : accepts(port))
  await Promise.race([until(`${name} to be ready`, READY_DEADLINE, look, POLL_INTERVAL), proxy.gone()])
  return { name, proxy, port, took: performance.now() - from }
}

async function end({ name, proxy }) {
  if (name === 'ours') processor += proxy.cpu
  await proxy.end()
}

/** Measures a fresh proxy. */
async function withProxy(name, measure) {
  const started = await start(name)
  figures.add(READY, name, started.took)
  await measure(started)
  await end(started)
}

async function measureCalm({ name, port }) {
  figures.add(FIRST, name, await ask(port))
  for (let count = 0; count < WARM; count++) figures.add(NEXT, name, await ask(port))
  await measureCurl(name, new Curl(`http://127.0.0.1:${port}`))
}

async function measureBursts({ name, port }) {
  for (const [all, half] of [
    [ONCE, ONCE_HALF],
    [AGAIN, AGAIN_HALF],
  ]) {
    addBurst(all, half, name, await askAtOnce(port, FEW))
  }
  await askAtOnce(port, MANY)
  addBurst(CROWD, CROWD_HALF, name, await askAtOnce(port, MANY))
}

function addBurst(all, half, name, times) {
  figures.add(all, name, times.all)
  figures.add(half, name, times.half)
}

async function measureDirect() {
  if (!names.includes('curl')) return
  const curl = new Curl(url, '--cacert', certFile, '-H', `x-redlock-auth: ${token}`)
  for (let round = 0; round < rounds; round++) {
    figures.add(FIRST, 'curl', await curl.request())
    for (let count = 0; count < WARM; count++) figures.add(NEXT, 'curl', await curl.warmRequest())
    const times = await curl.requestsAtOnce(FEW)
    addBurst(ONCE, ONCE_HALF, 'curl', { all: Math.max(...times), half: quantile(times, 0.5) })
    await measureCurl('curl', curl)
  }
}

async function measureCurl(name, curl) {
  figures.add(CURLS, name, await curl.inTurn(FEW))
  figures.add(DOWN, name, await curl.warmRequest('/big'))
  figures.add(UP, name, await curl.warmRequest('/sink', '-T', zeros))
}

/** Asks each of those that idle after each of the times. */
async function measureIdling() {
  await Promise.all(
    idlers.map(async ({ name, port }, place) => {
      await sleep(place * STAGGER * roundTrip)
      await ask(port)
      for (const seconds of idle) {
        await sleep(seconds * 1_000)
        figures.add(`after ${seconds} s of idling`, name, await ask(port))
      }
    }),
  )
}
