// Who refuses an upload early answers and closes. undici drops the answer, though it has arrived, once its own next write
// fails.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { dial, readAll } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { startProxy } from '../support/proxy.ts'
import { type Handler, http, rawUpstream } from '../support/upstream.ts'

const UPLOAD = Buffer.alloc(20 * 1024 * 1024, 'x')

/** How often each is tried: without the cure nearly all fail. */
const TRIES = 3

/** Sends a large upload, and gives the answer. */
async function upload(port: number): Promise<string> {
  const socket = dial(port)
  const all = readAll(socket)
  socket.write(`POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${UPLOAD.length}\r\n\r\n`)
  socket.write(UPLOAD)
  return all
}

async function refuses(t: Test, handler: Handler): Promise<void> {
  const upstream = await rawUpstream(t, handler)
  const { port } = await startProxy(t, { upstream: upstream.url })
  for (let number = 0; number < TRIES; number++) t.match(await upload(port), /^HTTP\/1\.1 413 .*too large/s)
  t.equal(upstream.requests.length, TRIES, 'each is sent once')
}

const TOO_LARGE = http('413 Payload Too Large', ['content-type: application/json'], '{"err":"too large"}')

t.test('the answer to an upload is told although the upstream resets the connection behind it', async t => {
  await refuses(t, async ({ read, socket }) => {
    await read(1024 * 1024)
    socket.write(TOO_LARGE)
    socket.resetAndDestroy()
  })
})

t.test('so it is where nothing of the upload was read', async t => {
  await refuses(t, ({ socket }) => {
    socket.write(TOO_LARGE)
    socket.resetAndDestroy()
  })
})

t.test('so it is with the part that came of a longer one', async t => {
  await refuses(t, async ({ read, socket }) => {
    await read(1024 * 1024)
    socket.write('HTTP/1.1 413 Payload Too Large\r\ncontent-length: 1000\r\n\r\n{"err":"too large"}')
    socket.resetAndDestroy()
  })
})

t.test('so it is over TLS', async t => {
  const ca = await makeCa()
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const { url: loginAt } = await rawUpstream(t, () => {})
  const server = createServer(await issue(ca, { names: ['localhost'] }), socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.pause().write(TOO_LARGE, () => socket.destroy()))
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const upstream = `https://localhost:${(server.address() as AddressInfo).port}`
  const { port } = await startProxy(t, { upstream, loginAt, config: { upstream: { caFile } } })
  for (let number = 0; number < TRIES; number++) t.match(await upload(port), /^HTTP\/1\.1 413 .*too large/s)
})
