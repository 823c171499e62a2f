// @fastify/reply-from does not verify TLS unless it is told to (CVE-2026-107318): the token went to a self-signed server.
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { issue, makeCa } from '../support/pki.ts'
import { startProxy } from '../support/proxy.ts'
import { rawUpstream } from '../support/upstream.ts'

t.test('no request is sent to an upstream whose certificate nobody vouches for', async t => {
  let requests = 0
  const server = createServer(await issue(await makeCa(), { names: ['localhost'] }), (_request, response) => {
    requests++
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { url: loginAt } = await rawUpstream(t, () => {})
  const { call } = await startProxy(t, { upstream: `https://localhost:${port}`, loginAt })
  t.match((await call('/x')).json(), { status: 502, type: '/_proxy/problems/upstream-unreachable' })
  t.equal(requests, 0)
})
