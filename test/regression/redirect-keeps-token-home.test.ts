// undici's redirect interceptor strips authorization across origins, but not x-redlock-auth.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a redirect to another host is the client’s to follow, and the token never goes there', async t => {
  const elsewhere = await rawUpstream(t, request => request.answer(http('200 OK')))
  const upstream = await rawUpstream(t, request => {
    request.answer(http(`${request.target.slice(1)} Redirect`, [`Location: ${elsewhere.url}/x`]))
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  for (const status of [301, 302, 303, 307, 308]) {
    t.match(await call(`/${status}`), { status, headers: { location: `${elsewhere.url}/x` } })
  }
  t.equal(elsewhere.requests.length, 0)
})
