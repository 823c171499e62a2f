// An answer queued behind one that its reader holds back made Node.js tell the latter to go on, from within undici's
// parser; undici refused that, and the answer stood still for good.
import { once } from 'node:events'
import t from 'tap'
import { settle } from '../support/clock.ts'
import { dial, readAll } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** More than the buffers on its way hold. */
const BIG = 'x'.repeat(20_000_000)

t.test('an answer that was held back goes on though another is queued behind it', async t => {
  const upstream = await rawUpstream(t, request => {
    request.answer(http('200 OK', [], request.target === '/big' ? BIG : 'small'))
  })
  const { app, port } = await startProxy(t, { upstream: upstream.url })
  const accepted = once(app.server.server, 'connection')
  const client = dial(port)
  const [connection] = await accepted
  client.write('GET /big HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await until(async () => {
    const before = connection.bytesWritten
    await settle()
    return connection.writableNeedDrain && connection.bytesWritten === before
  })
  client.write('GET /small HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  await until(() => upstream.requests.length === 2)
  // its answer is there, and queued
  await settle(50)
  const text = await readAll(client)
  t.ok(text.includes(BIG))
  t.equal(text.slice(-9), '\r\n\r\nsmall')
})
