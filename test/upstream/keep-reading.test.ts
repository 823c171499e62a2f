import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import * as tls from 'node:tls'
import t, { type Test } from 'tap'
import { keepReading } from '../../src/upstream/undici/keep-reading.ts'
import { issue, makeCa } from '../support/pki.ts'

/** Both ends of a connection; the test plays the far one. */
async function pair(t: Test, secure = false): Promise<readonly [near: Socket, far: Socket]> {
  const server = secure ? tls.createServer(await issue(await makeCa(), { names: ['localhost'] })) : createServer()
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, secure ? 'secureConnection' : 'connection')
  const near = secure ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1')
  await once(near, secure ? 'secureConnect' : 'connect')
  const [far] = await accepted
  for (const socket of [near, far]) {
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
  }
  return [near, far]
}

/** Reads until the other side ends. */
async function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  await new Promise(resolve => socket.once('end', resolve).once('error', resolve))
  return text
}

for (const secure of [false, true]) {
  const over = secure ? 'TLS' : 'TCP'
  t.test(`data received over ${over} before the other side closed is read, although a write fails`, async t => {
    for (const writes of [1, 2]) {
      const [near, far] = await pair(t, secure)
      keepReading(near)
      await new Promise<void>(resolve => {
        far.write('an answer', () => {
          far.destroy()
          // which has the connection reset, so that the next write fails
          near.write('a')
          near.cork()
          for (let number = 0; number < writes; number++) near.write('more')
          near.uncork()
          resolve()
        })
      })
      t.equal(await readToEnd(near), 'an answer')
      t.notOk(near.writableFinished)
    }
  })
}

t.test('any other write error is reported', async t => {
  const socket = new Socket()
  socket._write = (_chunk, _encoding, done) => done(Object.assign(new Error('full'), { code: 'ENOBUFS' }))
  keepReading(socket)
  const failed = once(socket, 'error')
  socket.write('a')
  t.match(await failed, [{ code: 'ENOBUFS' }])
})

t.test('successful writes are not affected', async t => {
  const [near, far] = await pair(t)
  keepReading(near)
  near.write('a')
  near.cork()
  near.write('b')
  near.write('c')
  near.uncork()
  near.end('d')
  t.equal(await readToEnd(far), 'abcd')
})
