import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Dispatcher } from '../../src/upstream/dispatcher.ts'
import { UnprocessedError } from '../../src/upstream/errors.ts'
import { startProxy } from '../support/proxy.ts'
import { http, rawUpstream } from '../support/upstream.ts'

/** A proxy that sends requests on pooled connections, where they are not processed. */
async function start(t: Test, maxBody?: number) {
  const upstream = await rawUpstream(t, async request => {
    await request.body()
    request.answer(http('201 Created', [], 'made'))
  })
  let tries = 0
  const pool = ({ destroy }: Dispatcher): Dispatcher => ({
    destroy,
    dispatch({ body }, handler) {
      tries++
      const refuse = () => handler.onResponseError(null, new UnprocessedError())
      if (body instanceof Readable) body.on('end', refuse).resume()
    },
  })
  const { call } = await startProxy(t, {
    upstream: upstream.url,
    pool,
    ...(maxBody !== undefined && { config: { replay: { maxBody } } }),
  })
  return { call, upstream, tries: () => tries }
}

t.test('a request that the upstream did not process is sent again, whatever it changes', async t => {
  const { call, upstream, tries } = await start(t)
  const reply = await call('/x', { method: 'POST', body: '{"a":1}' })
  t.match(reply, { status: 201, text: 'made', headers: { 'x-prismacloud-proxy-replayed': '1' } })
  t.strictSame([tries(), upstream.requests.length], [1, 1])
})

t.test('its client is told that it may send it again if the proxy cannot', async t => {
  const { call, upstream } = await start(t, 0)
  const reply = await call('/x', { method: 'POST', body: '{"a":1}' })
  t.match(reply.json(), { status: 502, retryable: true, detail: /did not process the request/ })
  t.equal(upstream.requests.length, 0)
})
