// @fastify/reply-from forwards what a client says of itself, and copies the upstream's connection headers back.
import t from 'tap'
import { talk } from '../support/http.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('a client’s credentials and connection stay on its side, the upstream’s on the other', async t => {
  const upstream = await rawUpstream(t, request =>
    request.answer(http('200 OK', ['Connection: keep-alive', 'Keep-Alive: timeout=77'])),
  )
  const { port } = await startProxy(t, { upstream: upstream.url })
  const origin = `http://localhost:${port}`
  const headers = [`origin: ${origin}`, 'proxy-authorization: Basic x', 'cookie: a=b', 'authorization: Bearer x']
  const request = ['GET /x HTTP/1.1', `host: localhost:${port}`, ...headers, 'connection: close', '', '']
  t.notMatch(await talk(port, request.join('\r\n')), /timeout=77/)
  t.notMatch(upstream.requests[0]?.head, /origin|proxy-authorization|cookie|\nauthorization/i)
})
