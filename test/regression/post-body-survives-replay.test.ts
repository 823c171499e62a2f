// @fastify/reply-from sends a POST again with an empty body, or with the first answer's content-length.
import t from 'tap'
import { startPair } from '../support/proxy.ts'

t.test('a POST that is sent again after a 401 has its body, and its answer has all of its own', async t => {
  const { call, simulator } = await startPair(t)
  await call('/v2/policy')
  simulator.revokeAll()
  const body = JSON.stringify({ timeRange: { type: 'to_now', value: 'epoch' } })
  const reply = await call('/v2/alert', { method: 'POST', body })
  t.match(reply, { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.equal(reply.json().items.length, 100)
  const [first, second] = simulator.requests.filter(({ url }) => url === '/v2/alert')
  t.equal(first?.status, 401)
  t.strictSame(second?.body, first?.body)
  t.equal(second?.body?.bytes, body.length)
})
