// @fastify/reply-from asks again ten times after a 503, reading `Retry-After: 5` as five milliseconds.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('where nothing is paced, a 503 goes to the client at once, with its retry-after', async t => {
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    request.answer(http('503 Service Unavailable', ['Retry-After: 5']))
  })
  const { call } = await startProxy(t, { upstream: upstream.url, config: { pacing: { enabled: false } } })
  for (const method of ['GET', 'HEAD', 'PUT']) {
    t.match(await call('/x', { method }), { status: 503, headers: { 'retry-after': '5' } }, method)
  }
  t.equal(upstream.requests.length, 3)
})
