// How fast large bodies pass in each direction, from and to an upstream over TLS, beside other proxies; and what memory
// that takes, also where the client reads slowly; and what clients that vanish leave behind.

import { once } from 'node:events'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Child } from '../support/child.js'
import { integer } from '../support/integer.js'
import { makeFolder } from './folder.js'
import { peerNames, startPeer } from './peers.js'
import { freePort } from './port.js'
import { makeToken } from './token.js'

const MEBIBYTE = 1024 * 1024

/** How often memory is looked at, in milliseconds. */
const SAMPLING = 50

/** How many clients vanish in the middle of an answer, and how long what they leave may last, in milliseconds. */
const VANISHING = 20
const LEFT_BEHIND = 1_000

/** What a slow client reads in each tenth of a second, in bytes: 10 KB a second. */
const SIP = 1_000
const SIP_INTERVAL = 100

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    size: { type: 'string', default: '1024' },
    slow: { type: 'string', default: '20' },
  },
})
const rounds = integer(values.rounds, 1, 100)
const size = integer(values.size, 1, 65_536) * MEBIBYTE
const slowSeconds = integer(values.slow, 1, 600)

const { folder, cert, certFile, keyFile } = await makeFolder()
const zeros = sparse('zeros', size)

const token = makeToken()
const upstreamPort = await freePort()
const upstream = new Child(
  'the upstream',
  process.execPath,
  [fileURLToPath(new URL('bulk-upstream.js', import.meta.url))],
  { PORT: `${upstreamPort}`, CERT: certFile, KEY: keyFile, TOKEN: token },
)
const proxies = await Promise.all(peerNames.map(start))

const results = new Map(proxies.map(({ name }) => [name, { down: [], up: [], memory: [] }]))
for (let round = 0; round < rounds; round++) {
  for (const { name, url, proxy } of proxies) {
    const { down, up, memory } = results.get(name)
    down.push(await transfer(`${url}/zeros/${size}`))
    up.push(await transfer('-T', zeros, `${url}/sink`))
    memory.push(proxy.memory)
  }
}
console.log(`Node.js ${process.version}, ${size / MEBIBYTE} MiB, the best of ${rounds}, upstream over TLS`)
console.log('               MB/s down       MB/s up    MB resident after')
for (const [name, { down, up, memory }] of results) {
  const cells = [Math.max(...down), Math.max(...up), Math.max(...memory)]
  console.log(name.padEnd(12) + cells.map(cell => cell.toFixed(0).padStart(12)).join('  '))
}

for (const bytes of [Math.round(size / 5), 2 * size]) {
  const file = sparse('more-zeros', bytes)
  const grown = await growth(({ url }) =>
    Promise.all([transfer(`${url}/zeros/${bytes}`), transfer('-T', file, `${url}/sink`)]),
  )
  console.log(`ours, at once ${(bytes / MEBIBYTE).toFixed(0)} MiB down and as much up: ${grown}`)
}
const slow = await growth(({ port }) => sipFor(port, slowSeconds * 1_000))
console.log(`ours, a client that reads 10 KB/s for ${slowSeconds} s: ${slow}`)
console.log(
  `ours, ${LEFT_BEHIND / 1_000} s after ${VANISHING} clients vanished: ${await leftBehind()} upstream connections`,
)

for (const each of [...proxies.map(each => each.proxy), upstream]) await each.end()

/** A file of so many zeros that takes no room. */
function sparse(name, bytes) {
  const file = join(folder, name)
  writeFileSync(file, '')
  truncateSync(file, bytes)
  return file
}

/**
 * How far above idle the memory of a fresh proxy is while something is done, once it has forwarded something. At most: what
 * the kernel's buffers take of a body at once, 4 MB by default, has passed and waits for the collector. In the end: what is
 * still resident.
 */
async function growth(work) {
  const started = await start('ours')
  for (let count = 0; count < 10; count++) await transfer(`${started.url}/zeros/${MEBIBYTE}`)
  const idle = started.proxy.memory
  const most = await highest(started.proxy, () => work(started))
  const last = started.proxy.memory
  await started.proxy.end()
  return `${signed(most - idle)} MB at most, ${signed(last - idle)} MB in the end`
}

function signed(number) {
  return `${number < 0 ? '' : '+'}${number.toFixed(1)}`
}

/** How many connections to the upstream a proxy has after its clients vanished in the middle of their answers. */
async function leftBehind() {
  const before = upstreamConnections()
  const { proxy, port } = await start('ours')
  const sockets = Array.from({ length: VANISHING }, () => download(port))
  await Promise.all(sockets.map(socket => once(socket, 'data').then(() => socket.pause())))
  for (const socket of sockets) socket.destroy()
  await sleep(LEFT_BEHIND)
  const left = upstreamConnections() - before
  await proxy.end()
  return left
}

/** Of all on this machine, by the ports that they lead to (Linux: Documentation/networking/proc_net_tcp.rst). */
function upstreamConnections() {
  const established = new RegExp(`:${upstreamPort.toString(16).toUpperCase().padStart(4, '0')} 01 `, 'g')
  return readFileSync('/proc/net/tcp', 'utf8').match(established)?.length ?? 0
}

function download(port) {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(`GET /zeros/${size} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  return socket
}

async function start(name) {
  const port = await freePort()
  const proxy = await startPeer(name, { folder, port, upstream: `https://127.0.0.1:${upstreamPort}`, token, cert })
  const url = `http://127.0.0.1:${port}`
  await proxy.serves(`${url}/zeros/1`)
  return { name, proxy, url, port }
}

/** Has curl do it and gives the speed in MB/s. */
async function transfer(...args) {
  const child = new Child('curl', 'curl', ['-sSf', '-o', '/dev/null', '-w', '%{time_total}', '-H', 'expect:', ...args])
  const seconds = Number(await child.finished())
  return size / seconds / 1e6
}

/** The most memory that a process has while something is done. */
async function highest(child, work) {
  let most = child.memory
  const sampler = setInterval(() => {
    most = Math.max(most, child.memory)
  }, SAMPLING)
  await work().finally(() => clearInterval(sampler))
  return most
}

async function sipFor(port, milliseconds) {
  const socket = download(port).pause()
  for (let passed = 0; passed < milliseconds; passed += SIP_INTERVAL) {
    socket.read(SIP)
    await sleep(SIP_INTERVAL)
  }
  socket.destroy()
}
