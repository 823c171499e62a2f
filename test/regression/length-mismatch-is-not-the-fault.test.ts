// Whatever is wrong with an answer that has a content-length, undici says that the length of its body does not match.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { rawUpstream } from '../support/upstream.ts'

t.test('an answer that is no HTTP says why', async t => {
  const upstream = await rawUpstream(t, request =>
    request.answer('HTTP/1.1 200 OK', 'content-length: 5', 'no colon', '', 'abcde'),
  )
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.match((await call('/x')).json(), { status: 502, type: '/_proxy/problems/upstream-invalid', detail: /has no colon/ })
})
