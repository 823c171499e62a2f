// Node.js hands its paused parser the next TLS record that was read already: the request was refused (HPE_PAUSED).
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import t from 'tap'
import { LocalCertificates } from '../../src/tls/local-certificates.ts'
import { settle, testClock } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** More than the buffers on its way hold. */
const BIG = 'x'.repeat(20_000_000)

/** A client's connection that can stop reading, and then keeps what it is to send, to send it all at once. */
function reluctantConnection(port: number) {
  const socket = dial(port)
  const kept: Buffer[] = []
  let isKeeping = false
  const wire = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      if (isKeeping) kept.push(chunk)
      else socket.write(chunk)
      done()
    },
  })
  socket.on('data', chunk => wire.push(chunk))
  socket.on('close', () => wire.destroy())
  return {
    wire,
    stopReading: () => socket.pause(),
    keep() {
      isKeeping = true
    },
    sendKept: () => socket.write(Buffer.concat(kept)),
    readOn() {
      isKeeping = false
      socket.resume()
    },
  }
}

t.test('a body that comes in a TLS record of its own while an answer is unsent is read as it should', async t => {
  const upstream = await rawUpstream(t, async request => {
    const body = await request.body()
    request.answer(http('200 OK', [], request.target === '/big' ? BIG : `got ${body}`))
  })
  const [folder, clock] = [t.testdir(), testClock(Date.now())]
  const certificates = new LocalCertificates(folder, 'localhost', clock)
  const { app } = await startProxy(t, { upstream: upstream.url, clock, certificates })
  const port = Number(new URL((await app.front?.listen({ host: '127.0.0.1', port: 0 })) ?? '').port)
  const { wire, stopReading, keep, sendKept, readOn } = reluctantConnection(port)
  const accepted = once(app.server.server, 'connection')
  const socket = connect({ socket: wire, servername: 'localhost', ca: readFileSync(join(folder, 'ca.pem')) })
  const [[connection]] = await Promise.all([accepted, once(socket, 'secureConnect')])
  const send = (text: string) => new Promise(resolve => socket.write(text, resolve))

  stopReading()
  await send('GET /big HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(async () => {
    const before = connection.bytesWritten
    await settle()
    return connection.writableNeedDrain && connection.bytesWritten === before
  })
  keep()
  await send('POST /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 4\r\n\r\n')
  await send('body')
  sendKept()
  readOn()
  const text = await readAll(socket)
  t.equal(text.slice(text.lastIndexOf('\r\n\r\n')), '\r\n\r\ngot body')
  t.notMatch(text.slice(-1000), 'HPE_PAUSED')
})
