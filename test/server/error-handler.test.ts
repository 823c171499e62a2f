import t from 'tap'
import { exchangeOf } from '../../src/server/observe.ts'
import { clientOf, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

t.test('an internal error goes to the client without its message, which is only logged', async t => {
  const { call, app, log } = await startPair(t)
  app.sessions.acquire = () => {
    throw new TypeError('inner secret')
  }
  const reply = await call('/v2/policy?private=1')
  t.equal(reply.status, 500)
  t.match(reply.headers['content-type'], 'application/problem+json')
  t.match(reply.json(), {
    type: '/_proxy/problems/internal-error',
    title: 'Internal Server Error',
    instance: '/v2/policy',
    requestId: reply.headers['x-request-id'],
    retryable: false,
  })
  t.notMatch(reply.text, /inner|TypeError|private/)
  await until(() => log.length > 0)
  t.match(log.at(-1), { problem: 'internal-error', err: { type: 'TypeError', message: 'inner secret' } })
})

t.test('a problem for a missing client token has a challenge', async t => {
  const { call } = await startPair(t, { config: { clients: [clientOf('ci', 'a-token-of-its-own')] } })
  const reply = await call('/v2/policy')
  t.match(reply, { status: 401, headers: { 'www-authenticate': 'Bearer, Basic' } })
  t.match(reply.json(), { type: '/_proxy/problems/client-unauthorized' })
})

t.test('exchangeOf throws for a request without an exchange', async t => {
  t.throws(() => exchangeOf(Object.assign(Object.create(null), { exchange: null })), {
    message: 'the request has no exchange',
  })
})
