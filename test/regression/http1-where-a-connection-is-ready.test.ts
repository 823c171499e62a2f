// HTTP/2 costs more than twice the CPU of HTTP/1.1 over TLS.
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { issue, makeCa } from '../support/pki.ts'
import { startProxy } from '../support/proxy.ts'
import { rawUpstream } from '../support/upstream.ts'

t.test('one request after the other is sent in HTTP/1.1, whatever the upstream offers', async t => {
  const ca = await makeCa()
  const versions: string[] = []
  const server = createSecureServer({ ...(await issue(ca, { names: ['localhost'] })), allowHTTP1: true })
  server.on('request', (request, response) => {
    versions.push(request.httpVersion)
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { url: loginAt } = await rawUpstream(t, () => {})
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const { call } = await startProxy(t, {
    upstream: `https://localhost:${port}`,
    loginAt,
    config: { upstream: { caFile } },
  })
  for (let count = 0; count < 3; count++) t.equal((await call('/x')).status, 200)
  t.strictSame(versions, ['1.1', '1.1', '1.1'])
})
