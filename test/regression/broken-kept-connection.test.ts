// An upstream that closes a kept connection just as a request is written is the most common failure of Node proxies.
import type { Socket } from 'node:net'
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a GET survives a kept connection that is closed under it', async t => {
  const used = new Set<Socket>()
  let breaks = false
  const upstream = await rawUpstream(t, request => {
    if (breaks && used.has(request.socket)) {
      breaks = false
      return request.socket.resetAndDestroy()
    }
    used.add(request.socket)
    return request.answer(http('200 OK', [], 'fine'))
  })
  const { call } = await startProxy(t, { upstream: upstream.url })
  await call('/warm')
  await call('/warm')
  breaks = true
  t.match(await call('/x'), { status: 200, text: 'fine', headers: { 'x-prismacloud-proxy-replayed': '1' } })
})
