// A rolling restart: proxies behind a balancer end and start again in turn, while clients that keep their connections, and
// send nothing twice, ask all the time. None of their requests fails.

import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { integer } from '../support/integer.js'
import { startProxy, startUpstream } from '../support/quick-stack.js'
import { between, seeded } from '../support/random.js'
import { until } from '../support/until.js'

const MEMBERS = 3

const CLIENTS = 200

/** The longest pause of a client between two requests, and how long the upstream takes at most, in milliseconds. */
const PAUSE = 1_000
const TAKES = 300

/** How long it may take until all clients were served once, in milliseconds. */
const START_DEADLINE = 20_000

/** How often a balancer asks whether a proxy is ready, in milliseconds. */
const PROBE_INTERVAL = 200

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } })
const rounds = integer(values.rounds, 1, 1_000)

const random = seeded(1)
const upstream = await startUpstream(() => sleep(between(random, 0, TAKES)))
const targets = new Set()
const balancer = await startBalancer()
const members = await Promise.all(Array.from({ length: MEMBERS }, start))
const counts = { served: 0, failed: new Map(), isOver: false }
const clients = Array.from({ length: CLIENTS }, client)
const codes = []
// a proxy that nobody has used yet ends at once
await until('all clients to be served', START_DEADLINE, () => counts.served >= CLIENTS)
for (let round = 0; round < rounds; round++) {
  for (let turn = 0; turn < MEMBERS; turn++) codes.push(await restart(turn))
}
counts.isOver = true
await Promise.all(clients)
balancer.close()
await Promise.all(members.map(({ proxy }) => proxy.end()))
upstream.close()

const failures = [...counts.failed].map(([reason, times]) => `${times} × ${reason}`)
console.log(`${codes.length} restarts, ${counts.served} requests served, failed: ${failures.join(', ') || 'none'}`)
const isGood = failures.length === 0 && counts.served > 0 && codes.every(code => code === 0)
console.log(isGood ? 'OK' : `FAILED, the proxies ended with ${codes.join(', ')}`)
process.exitCode = isGood ? 0 : 1

/** Starts a proxy, to which the balancer sends from then on. */
async function start() {
  const member = await startProxy(upstream.url)
  targets.add(member.port)
  return member
}

/** Ends a proxy, and starts another in its place once it has ended. The balancer learns of it a little later. */
async function restart(turn) {
  const { proxy, port, url } = members[turn]
  const ended = proxy.end()
  const isReady = () =>
    fetch(`${url}/_proxy/readyz`, { headers: { connection: 'close' } }).then(
      ({ ok }) => ok,
      () => false,
    )
  while (await isReady()) await sleep(PROBE_INTERVAL)
  targets.delete(port)
  const code = await ended
  members[turn] = await start()
  return code
}

async function client() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (!counts.isOver) {
    const outcome = await ask(agent).catch(({ code }) => code)
    if (outcome === 200) counts.served++
    else counts.failed.set(outcome, (counts.failed.get(outcome) ?? 0) + 1)
    await sleep(between(random, 0, PAUSE))
  }
  agent.destroy()
}

async function ask(agent) {
  const sent = request({ port: balancer.address().port, path: '/v2/policy', agent })
  sent.end()
  const [answer] = await once(sent, 'response')
  await answer.resume().toArray()
  return answer.statusCode
}

/** Passes connections on to the targets in turn, without looking at what is sent, as a Kubernetes Service does. */
async function startBalancer() {
  let turn = 0
  const server = createServer(from => {
    const port = [...targets][turn++ % targets.size]
    const to = connect({ port, host: '127.0.0.1' })
    from.pipe(to).pipe(from)
    from.on('error', () => to.destroy())
    to.on('error', () => from.resetAndDestroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
