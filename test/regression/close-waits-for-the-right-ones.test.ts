// Fastify's close() waits 72 s for idle keep-alive connections; with forceCloseConnections it kills running requests.
import { once } from 'node:events'
import t from 'tap'
import { answerTo, dial, open, readReply } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('close() waits for running requests and for nothing else', async t => {
  const upstream = await rawUpstream(t, () => {})
  const { app, port } = await startProxy(t, { upstream: upstream.url })
  const idle = dial(port)
  idle.write('GET /_proxy/livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(idle, 'data')
  const sent = open(port, '/x', { headers: { connection: 'keep-alive' } })
  sent.end()
  await until(() => upstream.requests.length === 1)
  const closing = app.close()
  await once(idle, 'close')
  upstream.requests[0]?.answer(http('200 OK', [], 'fine'))
  t.equal((await readReply(await answerTo(sent))).text, 'fine')
  t.equal(await closing, true)
})
