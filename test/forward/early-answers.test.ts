import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { testClock } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')
const UPLOAD = 64 * MEGABYTE.length

/** A proxy before an upstream that answers uploads as soon as it has seen their head. */
async function refusing(t: Test, status: string, errors: 'problem' | 'passthrough' = 'problem') {
  const clock = testClock()
  const upstream = await rawUpstream(t, request => request.answer(http(status, ['connection: close'], 'answer')))
  return { clock, upstream, ...(await startProxy(t, { upstream: upstream.url, config: { errors }, clock })) }
}

function head(path: string, ...headers: string[]): string {
  return [`POST ${path} HTTP/1.1`, 'host: localhost', `content-length: ${UPLOAD}`, ...headers, '', ''].join('\r\n')
}

/** Sends all of an upload before it looks for an answer, as many clients do; false where that cannot be done. */
async function sendAll(socket: Socket): Promise<boolean> {
  for (let sent = 0; sent < UPLOAD; sent += MEGABYTE.length) {
    if (socket.destroyed) return false
    await new Promise(resolve => socket.write(MEGABYTE, resolve))
  }
  return !socket.destroyed
}

t.test('the answer to an upload that was refused reaches a client that sends all of it first', async t => {
  for (const status of ['200 OK', '413 Payload Too Large']) {
    for (const errors of ['problem', 'passthrough'] as const) {
      const { port } = await refusing(t, status, errors)
      for (const connection of ['keep-alive', 'close']) {
        const socket = dial(port).pause()
        socket.on('error', () => {})
        socket.write(head('/x', `connection: ${connection}`))
        const what = `${status}, ${errors}, connection: ${connection}`
        t.ok(await sendAll(socket), `${what}: all of it is taken`)
        const text = await readAll(socket.resume())
        t.ok(text.startsWith(`HTTP/1.1 ${status}\r\n`), what)
        t.match(text, /\r\nconnection: close\r\n/i, what)
      }
    }
  }
})

t.test('so does the answer of the proxy itself', async t => {
  const { port, upstream } = await refusing(t, '200 OK')
  const socket = dial(port).pause()
  socket.write(head('/x/../y'))
  t.ok(await sendAll(socket))
  t.match(await readAll(socket.resume()), /^HTTP\/1\.1 400 /)
  t.equal(upstream.requests.length, 0)
})

t.test('a client that goes on sending is cut off in the end', async t => {
  const { port, clock } = await refusing(t, '413 Payload Too Large')
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume()
  socket.write(`${head('/x')}abc`)
  await once(socket, 'end')
  await clock.advance(4_999)
  t.ok(await new Promise(resolve => socket.write('d', error => resolve(!error))), 'it may still send')
  await clock.advance(1)
  const closed = new Promise(resolve => socket.on('error', () => {}).once('close', resolve))
  // a side that closed is found out by writing to it
  await until(() => socket.destroyed || !socket.write('d'))
  await closed
})

t.test('a request that is not HTTP is answered, however much of it there is', async t => {
  const { port } = await refusing(t, '200 OK')
  const socket = dial(port).pause()
  socket.write(`GET /x HTTP/1.1\r\nhost: localhost\r\nx-large: `)
  t.ok(await sendAll(socket))
  t.match(await readAll(socket.resume()), /^HTTP\/1\.1 431 /)
})

t.test('an upstream that refuses an upload and keeps its connection is let go with it', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('413 Payload Too Large', [], 'answer')))
  const { port } = await startProxy(t, { upstream: upstream.url })
  const socket = dial(port).pause()
  socket.write(head('/x'))
  t.ok(await sendAll(socket))
  t.match(await readAll(socket.resume()), /^HTTP\/1\.1 413 /)
  await upstream.requests[0]?.closed
})
