import { once } from 'node:events'
import { connect as connectHttp2, createSecureServer } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type CountedClock, countedClock } from '../kernel/counted-clock.ts'
import { settle } from './clock.ts'
import { startFarLink } from './far-link.ts'
import { freePort } from './free-port.ts'
import { issue, makeCa } from './pki.ts'
import { until } from './until.ts'

/** Milliseconds. What belongs to what is under way already has fifty steps to come in before a tenth has passed. */
const ROUND_TRIP = 1_000
const STEP = 2

const MEBIBYTE = 1024 * 1024

/** A link to a port, with a clock of its own, and how many round trips have passed, in tenths. */
async function linkTo(t: Test, target: number) {
  const clock = countedClock()
  const link = await startFarLink(target, { roundTrip: ROUND_TRIP, clock })
  t.teardown(link.close)
  const start = clock.monotonic()
  return { ...link, clock, passed: () => Math.floor(((clock.monotonic() - start) / ROUND_TRIP) * 10) / 10 }
}

/** A server that keeps what it reads, and a link to it. */
async function linkedServer(t: Test, greeting = '') {
  const accepted: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, socket => {
    accepted.push(watched(t, socket))
    if (greeting !== '') socket.write(greeting)
  })
  const link = await linkTo(t, await listening(t, server))
  const client = watched(t, connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true }))
  await once(client, 'connect')
  const far = async () => {
    await passUntil(link.clock, () => accepted.length > 0)
    return accepted[0] as Socket
  }
  return { ...link, client, far, accepted }
}

async function listening(t: Test, server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Reads nothing yet, and ends with the test. */
function watched(t: Test, socket: Socket): Socket {
  t.teardown(() => socket.destroy())
  return socket.on('error', () => {})
}

/** Time stands still for the ends of a connection, and passes while something is under way between them. */
async function passUntil(clock: CountedClock, check: () => boolean): Promise<void> {
  while (!check()) await (clock.pending > 0 ? clock.advance(STEP) : settle(1))
}

/** Moves time until something was sent to a socket, and gives that. */
async function read(clock: CountedClock, socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  const keep = (chunk: Buffer) => void chunks.push(chunk)
  socket.on('data', keep)
  await passUntil(clock, () => chunks.length > 0)
  socket.off('data', keep)
  return Buffer.concat(chunks).toString()
}

/** Moves time until a socket has failed, and gives how. */
async function failure(clock: CountedClock, socket: Socket): Promise<unknown> {
  let code: unknown
  socket.resume().once('error', (error: NodeJS.ErrnoException) => {
    code = error.code
  })
  await passUntil(clock, () => code !== undefined)
  return code
}

async function ended(clock: CountedClock, socket: Socket): Promise<void> {
  socket.resume()
  await passUntil(clock, () => socket.readableEnded)
}

t.test('a connection takes a round trip to open, all that is sent half of one', async t => {
  const { client, far, clock, passed } = await linkedServer(t)
  client.write('one')
  const server = await far()
  t.equal(passed(), 1.5, 'nothing reaches the server before')
  t.equal(await read(clock, server), 'one')
  t.equal(passed(), 1.5)
  server.write('two')
  t.equal(await read(clock, client), 'two')
  t.equal(passed(), 2)
  client.write('three')
  t.equal(await read(clock, server), 'three')
  t.equal(passed(), 2.5)
})

t.test('a server that speaks first is heard after two round trips', async t => {
  const { client, clock, passed } = await linkedServer(t, 'welcome')
  t.equal(await read(clock, client), 'welcome')
  t.equal(passed(), 2)
})

t.test('what is under way does not wait for each other', async t => {
  const { client, far, clock, passed } = await linkedServer(t)
  const server = await far()
  client.write('one')
  await until(() => clock.pending > 0)
  await clock.advance(200)
  client.write('two')
  t.equal(await read(clock, server), 'one')
  t.equal(passed(), 2)
  t.equal(await read(clock, server), 'two')
  t.equal(passed(), 2.2)
})

t.test('an end is passed on, and leaves the other direction open', async t => {
  const { client, far, clock, passed } = await linkedServer(t)
  client.end('all')
  const server = await far()
  t.equal(await read(clock, server), 'all')
  await ended(clock, server)
  t.equal(passed(), 1.5)
  server.end('thanks')
  t.equal(await read(clock, client), 'thanks')
  await ended(clock, client)
  t.equal(passed(), 2)
  await until(() => client.closed && server.closed)
})

t.test("a client's reset reaches the server as a reset", async t => {
  const { client, far, clock, passed } = await linkedServer(t)
  const server = await far()
  client.resetAndDestroy()
  t.equal(await failure(clock, server), 'ECONNRESET')
  t.equal(passed(), 2)
})

t.test("a server's reset reaches the client as a reset", async t => {
  const { client, far, clock, passed } = await linkedServer(t)
  const server = await far()
  server.resetAndDestroy()
  t.equal(await failure(clock, client), 'ECONNRESET')
  t.equal(passed(), 2)
})

t.test('a connection that nobody accepts is reset', async t => {
  const { port, clock, passed } = await linkTo(t, await freePort())
  const client = watched(t, connect({ port, host: '127.0.0.1' }))
  await once(client, 'connect')
  t.equal(await failure(clock, client), 'ECONNRESET')
  t.equal(passed(), 2)
})

t.test('a body of ten megabytes is sent while time stands still, and no more than has room', async t => {
  const { client, far, clock } = await linkedServer(t)
  const most = 128
  let written = 0
  const write = () =>
    client.write(Buffer.alloc(MEBIBYTE), () => {
      written++
      if (written < most) write()
    })
  write()
  await until(() => written >= 10)
  await settle(500)
  const room = written
  t.ok(room < most, 'the rest waits')
  const server = await far()
  server.resume()
  await passUntil(clock, () => written > room)
})

t.test('TLS is between client and server, who agree on a protocol', async t => {
  const ca = await makeCa()
  const server = createSecureServer(await issue(ca, { names: ['localhost'] }))
  server.on('stream', stream => stream.end('answered'))
  const { port, clock, passed } = await linkTo(t, await listening(t, server))
  const session = connectHttp2(`https://localhost:${port}`, { ca: ca.cert })
  t.teardown(() => session.destroy())
  const request = session.request({ ':path': '/' })
  let text = ''
  request.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await passUntil(clock, () => request.readableEnded)
  t.equal(text, 'answered')
  t.equal(session.alpnProtocol, 'h2')
  t.equal(passed(), 3, 'one round trip each for TCP, TLS and the request')
})

t.test('closing the link closes its connections', async t => {
  const { client, far, close } = await linkedServer(t)
  const server = await far()
  await close()
  for (const socket of [client, server]) socket.resume()
  await until(() => client.readableEnded && server.readableEnded)
})
