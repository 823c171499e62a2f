// A connection must not be used longer than the upstream says that it keeps it.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a connection that the upstream keeps for a second is not used again', async t => {
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', ['Keep-Alive: timeout=1'])))
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (let count = 0; count < 4; count++) t.equal((await call('/x')).status, 200)
  const [, ...later] = upstream.requests.map(({ socket }) => socket)
  t.equal(new Set(later).size, later.length)
})
