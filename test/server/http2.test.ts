import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as dialTcp, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { answerClientError } from '../../src/server/client-error.ts'
import { testClock } from '../support/clock.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

async function start(t: Test) {
  const clock = testClock()
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK')))
  return { clock, upstream, ...(await startProxy(t, { upstream: upstream.url, clock })) }
}

/** The error that an HTTP/2 request ends with. */
async function failure(session: ClientHttp2Session, method = 'GET', body?: Buffer) {
  const stream = session.request({ ':method': method, ':path': '/x' })
  stream.end(body)
  const [error] = await once(stream, 'error')
  return error.message
}

t.test('each HTTP/2 request gets the error HTTP_1_1_REQUIRED', async t => {
  const { port, upstream, clock, call } = await start(t)
  const session = connect(`http://127.0.0.1:${port}`).on('error', () => {})
  const REQUIRED = /NGHTTP2_HTTP_1_1_REQUIRED/
  t.match(await failure(session), REQUIRED)
  t.match(await failure(session, 'POST', Buffer.alloc(40_000)), REQUIRED)
  t.strictSame(
    await Promise.all([failure(session), failure(session)]).then(all => all.map(each => REQUIRED.test(each))),
    [true, true],
  )
  await clock.advance(4_999)
  t.notOk(session.destroyed)
  await clock.advance(1)
  await until(() => session.destroyed)
  t.equal(upstream.requests.length, 0)
  t.equal((await call('/x')).status, 200)
})

t.test('frames may arrive in chunks of any size', async t => {
  const { port } = await start(t)
  const frame = (type: number, stream: number, payload: string) =>
    Buffer.concat([Buffer.from([0, 0, payload.length, type, 4, 0, 0, 0, stream]), Buffer.from(payload)])
  const frames = Buffer.concat([
    Buffer.from(PREFACE),
    frame(4, 0, 'settings'),
    frame(1, 1, 'headers'),
    frame(0, 1, 'a body that is longer than what comes in one piece'),
    frame(1, 3, ''),
  ])
  for (const size of [1, 7, 24, 25, 33, 40, 1000]) {
    const socket = dialTcp(port, '127.0.0.1').setNoDelay()
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk.toString('hex')
    })
    for (let at = 0; at < frames.length; at += size) {
      socket.write(frames.subarray(at, at + size))
      await new Promise(resolve => setImmediate(resolve))
    }
    const [settings, reset1, reset3] = [
      '000000040000000000',
      '0000040300000000010000000d',
      '0000040300000000030000000d',
    ]
    await until(() => answer.length >= `${settings}${reset1}${reset3}`.length)
    t.equal(answer, `${settings}${reset1}${reset3}`, `${size} at a time`)
    socket.destroy()
  }
})

t.test('the connection of a client that has left is destroyed', async t => {
  const { port, app } = await start(t)
  const accepted = once(app.server.server, 'connection')
  const socket = dialTcp(port, '127.0.0.1')
  socket.write(PREFACE)
  await once(socket, 'data')
  socket.end()
  const [side] = await accepted
  await until(() => side.destroyed)
})

t.test('a preface is rejected even if the bytes after it are unknown', async t => {
  const socket = new Socket()
  let written = Buffer.alloc(0)
  Object.defineProperty(socket, 'writable', { value: true })
  socket.write = (bytes: string | Uint8Array) => {
    written = Buffer.concat([written, Buffer.from(bytes)])
    return true
  }
  const error = Object.assign(new Error('x'), { code: 'HPE_PAUSED_H2_UPGRADE' })
  answerClientError(error, socket, undefined, testClock())
  t.equal(written.toString('hex'), '000000040000000000')
})
