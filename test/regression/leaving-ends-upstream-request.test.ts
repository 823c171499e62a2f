// @fastify/reply-from lets the upstream work on for a client that has left before the headers (fastify-reply-from#424).
import t from 'tap'
import { open } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { rawUpstream } from '../support/upstream.ts'

t.test('the upstream’s request ends with the client’s', async t => {
  const upstream = await rawUpstream(t, request => request.closed)
  const { port } = await startProxy(t, { upstream: upstream.url })
  const sent = open(port, '/x')
  sent.on('error', () => {}).end()
  await until(() => upstream.requests.length === 1)
  sent.destroy()
  await upstream.requests[0]?.closed
})
