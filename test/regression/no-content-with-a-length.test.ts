// To undici a 204 with a content-length above 0 is a broken connection: the answer was lost, the DELETE done.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { rawUpstream } from '../support/upstream.ts'

t.test('an answer without content reaches the client although it announces some', async t => {
  const upstream = await rawUpstream(t, request =>
    request.answer('HTTP/1.1 204 No Content', 'content-length: 4', '', ''),
  )
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.match(await call('/x', { method: 'DELETE' }), { status: 204, text: '' })
  t.equal(upstream.requests.length, 1)
})
