// undici's cache interceptor gave one user's authenticated answers to another.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('each request is answered by the upstream, whatever the last answer allowed', async t => {
  const headers = ['Cache-Control: public, max-age=3600', 'etag: "a"']
  const upstream = await rawUpstream(t, (request, { requests }) =>
    request.answer(http('200 OK', headers, `${requests.length}`)),
  )
  const { call } = await startProxy(t, { upstream: upstream.url })
  t.equal((await call('/x')).text, '1')
  t.equal((await call('/x')).text, '2')
  t.match((await call('/x')).headers, { 'cache-control': 'public, max-age=3600' })
})
