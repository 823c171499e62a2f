// undici passes on any status, and Fastify throws for one above 599: an answer of its own, 500, that is no problem document.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a status that there is none of is told as what it is', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('600 Odd')))
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.match((await call('/x')).json(), {
    status: 502,
    type: '/_proxy/problems/upstream-invalid',
    detail: /its status is 600/,
  })
})
