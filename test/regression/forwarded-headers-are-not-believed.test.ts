// With trustProxy Fastify believes what a client says of its own address and host (CVE-2026-3635, CVE-2026-16732).
import t from 'tap'
import { startPair } from '../support/proxy.ts'

t.test('X-Forwarded-* neither names the proxy nor lets anybody in', async t => {
  const { call, port } = await startPair(t)
  const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' }
  t.match((await call('/_proxy/problems/draining', { headers })).json().check, `http://localhost:${port}/`)
  const rebound = { ...headers, host: 'evil.example', 'x-forwarded-host': 'localhost' }
  t.equal((await call('/v2/policy', { headers: rebound })).status, 403)
})
