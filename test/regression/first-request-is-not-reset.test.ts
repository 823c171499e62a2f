// When a server of Node.js 26 closes, it resets connections that were just accepted, before their first request arrives.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { GRACE } from '../../src/server/drain.ts'
import { dial, readAll } from '../support/http.ts'
import { startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

t.test('a connection that was accepted just before the server closes gets an answer', async t => {
  const { app, port, clock } = await startPair(t)
  const accepted: Socket[] = []
  app.server.server.on('connection', socket => accepted.push(socket))
  const fresh = dial(port)
  await once(fresh, 'connect')
  await until(() => accepted.length === 1)
  const closing = app.close({ grace: true })
  await clock.advance(GRACE)
  await until(() => !app.server.server.listening)
  const answer = readAll(fresh)
  fresh.write('GET /_proxy/livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
  t.match(await answer, /^HTTP\/1\.1 200 OK\r\n/)
  t.equal(await closing, true)
})
