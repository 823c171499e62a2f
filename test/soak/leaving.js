// Clients that leave without a word: while they wait for an answer, in its middle, in the middle of what they send. The
// upstream is let go each time, and so many leave nothing behind: no connection, no descriptor, no memory.

import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { integer } from '../support/integer.js'
import { startProxy, startUpstream } from '../support/quick-stack.js'
import { until } from '../support/until.js'

const AT_ONCE = 100

/** So many leave before anything is measured: until then the proxy loads, compiles and keeps what it always will. */
const WARM_UP = 10_000

/** How much more live memory there may be in the end, in MB: a hundred bytes for each who left. */
const TOLERANCE = 2

/** How long it may take until nothing is left, in milliseconds: a connection may be idle for 10 s before it is closed. */
const DEADLINE = 30_000

/** All are to be at the upstream at once, which never says whether it limits requests. */
const HEADERS = 'host: localhost\r\nx-prismacloud-proxy-pacing: off\r\n'

const UNFINISHED = [
  `GET /waiting HTTP/1.1\r\n${HEADERS}\r\n`,
  `GET /answering HTTP/1.1\r\n${HEADERS}\r\n`,
  `POST /sending HTTP/1.1\r\n${HEADERS}content-length: 9\r\n\r\nabc`,
]

const { values } = parseArgs({ options: { clients: { type: 'string', default: '20000' } } })
const clients = integer(values.clients, 1, 1_000_000)

let underWay = 0
const upstream = await startUpstream(async ({ url, socket }) => {
  if (url === '/login' || url.startsWith('/access_keys/')) return
  underWay++
  if (url === '/answering') socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await new Promise(resolve => socket.once('close', resolve))
  underWay--
})
// connections are kept ready for no longer
const { proxy, port } = await startProxy(upstream.url, { PRISMACLOUD_PROXY_SESSION_IDLE_AFTER: '1s' })

await leave(WARM_UP)
const before = await settled()
const longest = await leave(clients)
const after = await settled()
const code = await proxy.end()
upstream.close()

console.log(`${clients} clients left, the last of ${AT_ONCE} was let go after at most ${longest.toFixed(0)} ms`)
console.log(`descriptors ${before.descriptors}, then ${after.descriptors}`)
console.log(`live memory ${before.memory.toFixed(1)} MB, then ${after.memory.toFixed(1)} MB`)
const isGood = after.descriptors <= before.descriptors && after.memory < before.memory + TOLERANCE && code === 0
console.log(isGood ? 'OK' : 'FAILED')
process.exitCode = isGood ? 0 : 1

/** Has so many clients come and leave, and gives how long it took at most to let go of those at once, in milliseconds. */
async function leave(count) {
  const times = []
  for (let left = 0; left < count; left += AT_ONCE) times.push(await leaveAtOnce())
  return Math.max(...times)
}

/** Has clients ask and leave once all are at the upstream, and gives how long it took to let go of that, in milliseconds. */
async function leaveAtOnce() {
  const sockets = Array.from({ length: AT_ONCE }, (_, index) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {}).write(UNFINISHED[index % UNFINISHED.length])
    return socket
  })
  await reached(AT_ONCE)
  const from = performance.now()
  for (const socket of sockets) socket.destroy()
  await reached(0)
  return performance.now() - from
}

/** Waits until so many requests are under way at the upstream, and looks all the time, as the wait is what is measured. */
async function reached(count) {
  const deadline = performance.now() + DEADLINE
  while (underWay !== count) {
    if (performance.now() > deadline) throw new Error(`${underWay} requests are under way, not ${count}`)
    await new Promise(setImmediate)
  }
}

/** What the proxy has once it has no connection to the upstream any more. */
async function settled() {
  await until('the last connections to end', DEADLINE, async () => (await upstream.connections()) === 0)
  return { memory: await proxy.liveMemory(), descriptors: proxy.descriptors }
}
