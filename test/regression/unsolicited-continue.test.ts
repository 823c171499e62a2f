// A `100 Continue` that nobody asked for is a broken connection to undici: a GET was sent again, and failed again.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('an interim answer that was not asked for is passed over', async t => {
  const upstream = await rawUpstream(t, request =>
    request.answer(`HTTP/1.1 100 Continue\r\n\r\n${http('200 OK', [], 'fine')}`),
  )
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.match(await call('/x'), { status: 200, text: 'fine' })
  t.equal(upstream.requests.length, 1)
})
