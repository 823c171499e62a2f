// A large upload that is answered early left the connection out of step for the next request (fastify-http-proxy#474).
import t from 'tap'
import { dial, readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('the rest of an upload that was answered early is never taken for a request', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('413 Payload Too Large', ['connection: close'])))
  for (const errors of ['problem', 'passthrough'] as const) {
    const { port } = await startProxy(t, { upstream: upstream.url, config: { errors } })
    const before = upstream.requests.length
    const socket = dial(port)
    const all = readAll(socket)
    socket.write('POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nabc')
    await new Promise(resolve => socket.once('data', resolve))
    socket.write('GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const text = await all
    t.match(text, /^HTTP\/1\.1 413 /)
    t.match(text, /\r\nconnection: close\r\n/i)
    t.equal(text.split('HTTP/1.1 ').length, 2, 'there is one answer')
    t.equal(upstream.requests.length, before + 1)
  }
})
