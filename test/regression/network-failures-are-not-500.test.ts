// @fastify/reply-from answers 500 with the error's own text when an upstream cannot be reached or answers out of bounds.
import t from 'tap'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

t.test('an upstream that fails is a 502 that says what to do', async t => {
  const { url: loginAt } = await rawUpstream(t, () => {})
  const refusing = await startProxy(t, { upstream: 'http://127.0.0.1:1', loginAt })
  const resetting = await rawUpstream(t, ({ socket }) => void socket.resetAndDestroy())
  for (const proxy of [refusing, await startProxy(t, { upstream: resetting.url })]) {
    const reply = await proxy.call('/x')
    t.match(reply, { status: 502, headers: { 'content-type': 'application/problem+json' } })
    t.notMatch(reply.text, /ECONN|UND_ERR|at .*:\d+:\d+/)
  }
})

t.test('an answer with 60 KB of headers is an answer', async t => {
  const header = `x-large: ${'x'.repeat(60_000)}`
  const upstream = await rawUpstream(t, request => request.answer(http('200 OK', [header])))
  const { port } = await startProxy(t, { upstream: upstream.url })
  const { talk } = await import('../support/http.ts')
  t.match(
    await talk(port, 'GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    `200 OK\r\n${header}\r\n`,
  )
})
