// Node.js closes its side of a connection with the client's: nc -N got no answer, though its request was done.
import { connect } from 'node:net'
import t from 'tap'
import { readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a client that closes its side after its request gets the answer', async t => {
  const upstream = await rawUpstream(t, () => {})
  const { port, app } = await startProxy(t, { upstream: upstream.url })
  let isKnown = false
  app.server.server.on('connection', socket => socket.once('end', () => (isKnown = true)))
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const all = readAll(socket)
  socket.end('GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(() => isKnown && upstream.requests.length === 1)
  upstream.requests[0]?.answer(http('200 OK', [], 'fine'))
  t.match(await all, /^HTTP\/1\.1 200 OK\r\n.*fine$/s)
})
