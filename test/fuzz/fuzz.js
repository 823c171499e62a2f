// Malformed requests by the thousand over raw connections. The proxy answers or closes each, forwards nothing that its
// guard forbids and no auth call, gives its token to nobody, and is as it was when they are over.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { integer } from '../support/integer.js'
import { SECRET_KEY, startProxy, startUpstream } from '../support/quick-stack.js'
import { seeded } from '../support/random.js'
import { makeRequest } from './requests.js'

const CLIENTS = 50

/** After so many milliseconds a client that has had no answer closes its side, as its user would. */
const PATIENCE = 200

/** And then the proxy has so many to close its own. */
const LET_GO = 10_000

/** What live memory may grow by in the second half, in MB. Measured: 0.6 in 10,000 requests, 1.1 in 60,000. */
const GROWTH = 2

const ANSWER = /^HTTP\/1\.1 [1-5]\d\d /

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
})
const total = integer(values.requests, 10, 100_000_000)
const seed = integer(values.seed, 0, 2 ** 32 - 1)

const forwarded = new Set()
const faults = []
const upstream = await startUpstream(request => {
  forwarded.add(request.url.slice(1))
  if (isAuthCall(request)) faults.push(`the upstream may take ${request.method} ${request.url} for an auth call`)
})
const { token } = upstream
const { proxy, port, url } = await startProxy(upstream.url)

const random = seeded(seed)
const forbidden = new Set()
const counts = { answered: 0, closed: 0 }
let next = 0
await sendUntil(Math.ceil(total / 2))
const warm = await proxy.liveMemory()
await sendUntil(total)

await proxy.serves(`${url}/v2/policy`)
const growth = (await proxy.liveMemory()) - warm
for (const id of forbidden) if (forwarded.has(id)) faults.push(`request ${id} was forwarded, which the guard forbids`)
if (growth > GROWTH) faults.push(`live memory grew by ${growth.toFixed(1)} MB, more than ${GROWTH} MB`)
const code = await proxy.end()
if (code !== 0) faults.push(`the proxy ended with ${code}`)
for (const secret of [token, SECRET_KEY]) if (proxy.output.includes(secret)) faults.push('a secret is in the log')
upstream.close()

console.log(
  `seed ${seed}: ${total} requests, ${counts.answered} answered, ${counts.closed} closed without a word, ` +
    `${forbidden.size} forbidden, ${forwarded.size} forwarded, live memory grew by ${growth.toFixed(1)} MB`,
)
for (const fault of faults.slice(0, 20)) console.log(fault)
console.log(faults.length === 0 ? 'OK' : 'FAILED')
process.exitCode = faults.length === 0 ? 0 : 1

/** Has all clients send requests until so many have been sent altogether. */
async function sendUntil(count) {
  await Promise.race([Promise.all(Array.from({ length: CLIENTS }, () => client(count))), proxy.gone()])
}

async function client(count) {
  while (next < count) {
    // no damage makes one of these of another
    const id = `${next++}-${random().toString(36).slice(2)}`
    const { bytes, isForbidden } = makeRequest(random, id)
    if (isForbidden) forbidden.add(id)
    const answer = await send(bytes).catch(({ message }) => void faults.push(`request ${id}: ${message}`))
    if (answer === undefined) continue
    if (answer === '') counts.closed++
    else counts.answered++
    if (answer !== '' && !ANSWER.test(answer)) faults.push(`request ${id}: the answer begins ${answer.slice(0, 40)}`)
    if (answer.includes(token)) faults.push(`request ${id}: the answer has the token`)
  }
}

/** Whether a server that decodes its target and parses it as a URL takes a request for an auth call of a client's. */
function isAuthCall({ method, url }) {
  if (`${method} ${url}` === 'POST /login' || `${method} ${url}` === 'GET /auth_token/extend') return false
  const target = url.replace(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const { pathname } = URL.canParse(target, upstream.url) ? new URL(target, upstream.url) : { pathname: target }
  return /^\/(login|auth_token\/+extend|api\/+v1\/+authenticate)([^\w/-].*)?\/*$/i.test(pathname)
}

/** Sends bytes and gives what comes back until the connection is closed, from whichever side. */
async function send(bytes) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setEncoding('latin1')
  let answer = ''
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket
    .on('error', () => {})
    .on('data', text => {
      answer += text
    })
  socket.write(Buffer.from(bytes, 'latin1'))
  const ended = new Promise(resolve => socket.once('end', resolve))
  await Promise.race([ended, closed, sleep(PATIENCE, undefined, { ref: false })])
  socket.end()
  const late = sleep(LET_GO, 'late', { ref: false })
  if ((await Promise.race([closed, late])) === 'late') {
    socket.destroy()
    throw new Error(`the connection is still open ${LET_GO} ms after its client closed it`)
  }
  return answer
}
