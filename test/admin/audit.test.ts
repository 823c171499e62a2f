import t, { type Test } from 'tap'
import { passTime } from '../support/clock.ts'
import { open } from '../support/http.ts'
import { clientOf, startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { rawUpstream } from '../support/upstream.ts'

/** Where an audit goes, and its lines. */
function kept() {
  const lines: Record<string, unknown>[] = []
  return { lines, audit: { write: (line: string) => void lines.push(JSON.parse(line)) } }
}

const PAIR = { config: { clients: [clientOf('ci', 'the-token-of-ci-1')] } }

async function start(t: Test) {
  const { lines, audit } = kept()
  const pair = await startPair(t, { ...PAIR, audit })
  const headers = { 'x-prismacloud-proxy-token': 'the-token-of-ci-1' }
  const ask = (path: string, more = {}, method = 'GET') => pair.call(path, { method, headers: { ...headers, ...more } })
  return { ...pair, lines, ask }
}

t.test('a request that was forwarded is a line that tells who asked for what, and what became of it', async t => {
  const { ask, lines } = await start(t)
  const reply = await ask('/v2/policy?secret=query', { 'x-request-id': 'id-1' })
  await until(() => lines.length === 1)
  t.match(lines[0], {
    time: /^2026-01-01T00:00:00\.\d{3}Z$/,
    requestId: 'id-1',
    client: 'ci',
    tenant: 'default',
    method: 'GET',
    path: '/v2/policy',
    status: 200,
    bytes: reply.body.length,
    upstreamRequestId: reply.headers['x-redlock-request-id'],
    verdict: 'forwarded',
  })
  t.notMatch(JSON.stringify(lines), /secret|the-token-of/)
})

t.test('an answer from the cache was not forwarded', async t => {
  const { lines, audit } = kept()
  const cache = { rules: [{ path: /^\/v2\/policy$/, keepFor: 1000 }] }
  const { call } = await startPair(t, { audit, config: { cache } })
  for (let n = 0; n < 2; n++) await call('/v2/policy')
  await until(() => lines.length === 2)
  t.match(lines, [{ verdict: 'forwarded' }, { verdict: 'cached' }])
})

t.test('of a request that was sent twice the audit has the bytes that the client got', async t => {
  const { ask, lines, simulator, clock } = await start(t)
  simulator.fault({ kind: 'status', status: 503, path: '/v2/policy', body: 'x'.repeat(1000) })
  const reply = await passTime(clock, ask('/v2/policy'))
  await until(() => lines.length === 1)
  t.match(lines[0], { status: 200, bytes: reply.body.length })
})

t.test('so is one that was refused, with the reason, by whomever', async t => {
  const { ask, call, lines } = await start(t)
  const refused = await call('/v2/policy')
  await ask('/x', { 'x-prismacloud-tenant': 'nobody' })
  await ask('/nowhere')
  await until(() => lines.length === 3)
  t.match(lines, [
    { client: null, tenant: null, status: 401, verdict: 'client-unauthorized', bytes: refused.body.length },
    { client: 'ci', tenant: null, status: 404, verdict: 'unknown-tenant' },
    { client: 'ci', tenant: 'default', status: 404, verdict: 'upstream-error' },
  ])
})

t.test('what the proxy answers itself is no business of the audit', async t => {
  const { ask, lines } = await start(t)
  for (const path of ['/_proxy/status', '/_proxy/livez', '/_proxy/nowhere']) await ask(path)
  await ask('/v2/policy')
  await until(() => lines.length > 0)
  t.match(lines, [{ path: '/v2/policy' }])
})

t.test('a client that leaves is told of, with what it got', async t => {
  const { lines, audit } = kept()
  const upstream = await rawUpstream(t, async request => {
    request.answer('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '3', 'abc', '')
    await request.closed
  })
  const { port } = await startProxy(t, { upstream: upstream.url, audit })
  const sent = open(port, '/x')
  sent.on('error', () => {}).on('response', answer => answer.once('data', () => sent.destroy()))
  sent.end()
  await until(() => lines.length === 1)
  t.match(lines[0], { status: 0, bytes: 3, verdict: 'aborted' })
})
