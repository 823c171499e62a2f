import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { DEMO_USER } from '../src/simulator/index.ts'
import { clientOf, startPair } from './support/proxy.ts'

const TOKEN = 'a-token-of-the-clients'

t.test('login gives every tenant that is not lazy a session, and does not mind one that gets none', async t => {
  const { app, simulator } = await startPair(t, { tenants: { default: {}, other: {}, late: { lazy: true } } })
  simulator.fault({ kind: 'refuse-login' })
  await app.login()
  const states = [...app.sessions.all()].map(({ session }) => session?.status().state)
  t.strictSame(states, ['rejected', 'ready', undefined])
})

t.test('it listens once, be it at a port or at a socket', async t => {
  const { app } = await startPair(t)
  for (const place of [{ path: join(t.testdir(), 'socket') }, { host: '127.0.0.1', port: 0 }])
    await t.rejects(app.listen(place), /already listening/)
})

t.test('where clients must show a token all but livez needs it', async t => {
  const { call, simulator } = await startPair(t, { config: { clients: [clientOf('ci', TOKEN)] } })
  const paths = ['/v2/policy', '/_proxy/readyz', '/_proxy/status', '/_proxy/metrics', '/_proxy/problems/', '/_proxy/x']
  for (const path of [...paths, '/_proxy/livez/', '/_proxy/%6civez', '//_proxy/livez']) {
    t.equal((await call(path)).status, 401, path)
    t.equal((await call(path, { headers: { authorization: 'Bearer wrong' } })).status, 401)
  }
  t.equal((await call('/x', { method: 'PURGE' })).status, 401)
  t.equal((await call('/_proxy/livez')).status, 200)
  t.equal((await call('/_proxy/livez?x')).status, 200)
  t.equal(simulator.requests.length, 0)
  const basic = `Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}`
  for (const headers of [
    { authorization: `Bearer ${TOKEN}` },
    { authorization: basic },
    { 'x-prismacloud-proxy-token': TOKEN },
  ]) {
    t.equal((await call('/v2/policy', { headers })).status, 200)
  }
  const arrived = JSON.stringify(simulator.requests.map(({ headers }) => headers))
  t.notOk(arrived.includes(TOKEN) || arrived.includes(basic), 'the token goes no further')
})

t.test('a web page of another name or origin is refused', async t => {
  const { call, simulator } = await startPair(t, { config: { listen: { trustedHosts: ['proxy.internal'] } } })
  const type = async (headers: Record<string, string>) => (await call('/v2/policy', { headers })).json().type
  t.equal(await type({ host: 'rebound.example' }), '/_proxy/problems/host-not-allowed')
  t.equal(await type({ origin: 'https://evil.example' }), '/_proxy/problems/origin-not-allowed')
  t.equal(await type({ 'sec-fetch-site': 'cross-site' }), '/_proxy/problems/origin-not-allowed')
  t.equal(simulator.requests.length, 0)
  t.equal((await call('/v2/policy', { headers: { host: 'proxy.internal' } })).status, 200)
})

t.test('requests are paced by what the upstream says of its limits', async t => {
  const { call, simulator } = await startPair(t, { config: { pacing: { maxWait: 0 } } })
  const replies = []
  for (let count = 0; count < 11; count++) replies.push(await call('/v2/alert?timeType=relative'))
  t.strictSame(replies.map(({ status }) => status).slice(0, 10), Array(10).fill(200))
  t.match(replies[10]?.json(), { type: '/_proxy/problems/rate-limited', status: 429 })
  t.match(replies[10]?.headers, { 'retry-after': '2' })
  t.equal(simulator.counts.throttled, 0, 'the upstream was not bothered')
})

t.test('whatever is inspected, it shows no key and no token', async t => {
  const { app, call, simulator, port } = await startPair(t, { config: { clients: [clientOf('ci', TOKEN)] } })
  const headers = { authorization: `Bearer ${TOKEN}` }
  t.equal((await call('/v2/policy', { headers })).status, 200)
  const running = call('/v2/policy', { headers })
  const sent = simulator.requests.flatMap(request => request.headers)
  const issued = sent.filter(([name]) => name.toLowerCase() === 'x-redlock-auth').map(([, value]) => value)
  t.ok(issued.length > 0)
  const seen = inspect({ app, port }, { depth: 8, showHidden: true, maxArrayLength: null, maxStringLength: null })
  for (const secret of [TOKEN, DEMO_USER.secretKey, ...issued]) t.notOk(seen.includes(secret))
  await running
})
