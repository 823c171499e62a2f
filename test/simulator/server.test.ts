import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { type Simulator, startSimulator } from '../../src/simulator/index.ts'
import { settle, testClock } from '../support/clock.ts'
import { selfSigned } from './certificate.ts'
import { rig } from './client.ts'

/** The longest request target that the proxy forwards. */
const LONGEST = `/cloud?${'x'.repeat(65_536 - '/cloud?'.length)}`

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function dial(t: Test, simulator: Simulator) {
  const socket = connect(Number(new URL(simulator.url).port), '127.0.0.1').setEncoding('latin1')
  t.teardown(() => socket.destroy())
  return socket
}

t.test('it records requests: method, raw target, raw headers, status, and the digest of the body', async t => {
  const { call, simulator } = await rig(t)
  await call('/login?x=%20', { method: 'POST', body: 'not json', headers: { 'X-Odd': 'v' } })
  const [seen] = simulator.requests
  t.match(seen, { method: 'POST', url: '/login?x=%20', status: 415, body: { bytes: 8, sha256: sha256('not json') } })
  t.ok(seen?.headers.some(([name, value]) => name === 'X-Odd' && value === 'v'))
})

t.test('it keeps the last 1,000 requests and counts all', async t => {
  const { call, simulator } = await rig(t, { rateLimits: { 'POST /login': { rate: 1, burst: 0 } } })
  await call('/login', { method: 'POST' })
  for (let round = 0; round < 1000; round++) await call(`/${round}`)
  t.equal(simulator.requests.length, 1000)
  t.equal(simulator.requests[0]?.url, '/0')
  t.match(simulator.counts, { requests: 1001, logins: 1, throttled: 1 })
})

t.test('HEAD gets the headers of GET, and the connection stays usable', async t => {
  const { simulator, login } = await rig(t)
  const token = await login()
  const socket = dial(t, simulator)
  const head = (path: string) => `HEAD ${path} HTTP/1.1\r\nhost: any\r\nx-redlock-auth: ${token}\r\n\r\n`
  socket.write(head('/download?bytes=100000'))
  const [first] = await once(socket, 'data')
  t.match(first, /^HTTP\/1.1 200 OK\r\n/)
  t.match(first, /\r\ncontent-length: 100000\r\n/)
  t.match(first, /\r\n\r\n$/)
  socket.write(head('/upload'))
  t.match((await once(socket, 'data'))[0], /^HTTP\/1.1 405 /)
})

t.test('a client that expects 100 Continue gets it', async t => {
  const { simulator, login } = await rig(t)
  const token = await login()
  const socket = dial(t, simulator)
  socket.write(
    `POST /upload HTTP/1.1\r\nhost: x\r\nx-redlock-auth: ${token}\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`,
  )
  t.match((await once(socket, 'data'))[0], /^HTTP\/1.1 100 Continue\r\n/)
  socket.write('ok')
  t.match((await once(socket, 'data'))[0], /^HTTP\/1.1 200 /)
})

t.test('a client that disconnects while sending a body gets no response', async t => {
  const { call, login, simulator } = await rig(t)
  const token = await login()
  for (const path of ['/_simulator/expire', '/upload']) {
    const socket = dial(t, simulator)
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n`)
    await once(socket, 'data')
    socket.destroy()
  }
  while (simulator.requests[1]?.body === null) await settle()
  t.match(simulator.requests[1], { url: '/upload', status: null, body: { bytes: 0 } })
  t.equal((await call('/cloud', { token })).status, 200)
})

t.test('a download ends when the client disconnects', async t => {
  const { simulator, login } = await rig(t)
  const token = await login()
  const { body } = await request(`${simulator.url}/download?bytes=100000000`, { headers: { 'x-redlock-auth': token } })
  await t.rejects(body.dump({ limit: 1000, signal: AbortSignal.abort() }))
  await simulator.close()
})

t.test('it serves HTTPS with a certificate', async t => {
  const { cert, key } = selfSigned()
  const { simulator } = await rig(t, { tls: { cert, key } })
  t.match(simulator.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const dispatcher = new Agent({ connect: { ca: cert } })
  t.teardown(() => dispatcher.close())
  for (const path of ['/cloud', LONGEST]) {
    const { statusCode, body } = await request(simulator.url + path, { dispatcher })
    await body.dump()
    t.equal(statusCode, 401)
  }
})

t.test('it accepts targets of 64 KiB', async t => {
  const { call, simulator } = await rig(t)
  t.equal((await call(LONGEST)).status, 401)
  t.equal(simulator.requests[0]?.url, LONGEST)
})

t.test('close destroys every connection, even during a TLS handshake', async t => {
  const { simulator } = await rig(t, { tls: selfSigned() })
  const socket = dial(t, simulator)
  await once(socket, 'connect')
  const ended = once(socket, 'close')
  await settle()
  await simulator.close()
  await ended
  await t.rejects(request(simulator.url), { code: 'ECONNREFUSED' })
})

t.test('it cannot start on a port in use', async t => {
  const { simulator } = await rig(t)
  const { hostname: host, port } = new URL(simulator.url)
  await t.rejects(startSimulator({ clock: testClock(), host, port: Number(port) }), { code: 'EADDRINUSE' })
})
