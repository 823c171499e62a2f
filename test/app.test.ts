import { join } from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { DAY } from '../src/kernel/instant.ts'
import { Secret } from '../src/kernel/secret.ts'
import { DEMO_USER, type SimulatorUser } from '../src/simulator/index.ts'
import { LIFETIME } from './session/rig.ts'
import { clientOf, makeConfig, type ProxyOptions, startPair } from './support/proxy.ts'
import { until } from './support/until.ts'

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

t.test('where clients must show a token all but livez, and pages without secrets, needs it', async t => {
  const { call, simulator } = await startPair(t, { config: { clients: [clientOf('ci', TOKEN)] } })
  const paths = ['/v2/policy', '/_proxy/readyz', '/_proxy/status', '/_proxy/metrics', '/_proxy/requests', '/_proxy/x']
  for (const path of [...paths, '/_proxy/livez/', '/_proxy/%6civez', '//_proxy/livez']) {
    t.equal((await call(path)).status, 401, path)
    t.equal((await call(path, { headers: { authorization: 'Bearer wrong' } })).status, 401)
  }
  t.equal((await call('/x', { method: 'PURGE' })).status, 401)
  for (const path of ['/_proxy/livez', '/_proxy/', '/_proxy/problems/', '/_proxy/page/session'])
    t.equal((await call(path)).status, 200, path)
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
  const config = { clients: [clientOf('ci', TOKEN)] }
  const { app, call, simulator, port } = await startPair(t, { config, asksAboutKeys: true })
  const headers = { authorization: `Bearer ${TOKEN}` }
  t.equal((await call('/v2/policy', { headers })).status, 200)
  const running = call('/v2/policy', { headers })
  const sent = simulator.requests.flatMap(request => request.headers)
  const issued = sent.filter(([name]) => name.toLowerCase() === 'x-redlock-auth').map(([, value]) => value)
  t.ok(issued.length > 0)
  const seen = inspect({ app, port }, { depth: 8, showHidden: true, maxArrayLength: null, maxStringLength: null })
  for (const secret of [TOKEN, DEMO_USER.secretKey, DEMO_USER.accessKeyId, ...issued]) t.notOk(seen.includes(secret))
  await running
})

/** The moment at which the clock starts. */
const START = Date.UTC(2026, 0, 1)

/** A proxy that asks a simulator when access keys expire. The simulator knows two. */
async function startAsking(t: Test, options: Omit<ProxyOptions, 'upstream' | 'clock'> = {}) {
  const users: SimulatorUser[] = [
    { ...DEMO_USER, keyExpiresOn: START + 5.5 * DAY },
    { ...DEMO_USER, accessKeyId: OTHER_ID },
  ]
  const pair = await startPair(t, { ...options, asksAboutKeys: true }, { users })
  const asked = () => pair.simulator.requests.filter(({ url }) => url.startsWith('/access_keys/')).map(({ url }) => url)
  const keyOf = async (tenant = 'default') => (await pair.call('/_proxy/status')).json().tenants[tenant].accessKey
  return { ...pair, asked, keyOf }
}

const OTHER_ID = '11111111-demo-demo-demo-000000000000'
const UNKNOWN = { expiry: 'unknown', expiresAt: null }

t.test('status, metrics and log say when an access key expires', async t => {
  const { app, call, keyOf, log } = await startAsking(t, { tenants: { default: {}, late: { lazy: true } } })
  t.strictSame(await keyOf(), UNKNOWN)
  await app.login()
  await until(async () => (await keyOf()).expiry !== 'unknown')
  t.strictSame(await keyOf(), { expiry: 'dated', expiresAt: '2026-01-06T12:00:00.000Z' })
  t.strictSame(await keyOf('late'), UNKNOWN)
  const { text } = await call('/_proxy/metrics')
  const samples = text.match(/^prismacloud_proxy_access_key_expiry_timestamp_seconds.*$/gm)
  t.strictSame(samples, ['prismacloud_proxy_access_key_expiry_timestamp_seconds{tenant="default"} 1767700800'])
  t.match(
    log.filter(({ level }) => Number(level) >= 40),
    [{ level: 40, tenant: 'default', msg: /the access key expires on 2026-01-06, in 5 days; create another one/ }],
  )
  t.notMatch(JSON.stringify([log, text, await keyOf()]), DEMO_USER.accessKeyId)
})

t.test('a tenant that rests is left alone, and asked about once a day when it is used', async t => {
  const { app, call, keyOf, asked, clock, simulator } = await startAsking(t, { config: { session: { idleAfter: 0 } } })
  await app.login()
  await until(async () => (await keyOf()).expiry === 'dated')
  await clock.advance(LIFETIME)
  t.equal([...app.sessions.all()][0]?.session, undefined)
  const before = simulator.counts.requests
  await clock.advance(DAY - 3 * LIFETIME)
  t.equal(simulator.counts.requests, before)
  t.equal((await keyOf()).expiry, 'dated', 'what is known stays')
  t.equal((await call('/v2/policy')).status, 200)
  t.equal(asked().length, 1)
  await clock.advance(LIFETIME)
  await clock.advance(2 * LIFETIME)
  t.equal((await call('/v2/policy')).status, 200)
  await until(() => asked().length > 1)
  t.equal(asked().length, 2)
})

t.test('another access key is asked about as soon as it is in use', async t => {
  const { app, keyOf, asked, simulator, log } = await startAsking(t)
  await app.login()
  await until(async () => (await keyOf()).expiry === 'dated')
  const credentials = {
    origin: 'test',
    kind: 'fixed',
    read: async () => ({ accessKeyId: new Secret(OTHER_ID), secretKey: new Secret(DEMO_USER.secretKey) }),
  } as const
  simulator.fault({ kind: 'refuse-login' })
  const config = makeConfig({ upstream: simulator.url, tenants: { default: { credentials } } })
  await app.reload(config)
  await until(() => log.some(({ msg }) => /new access key was rejected/.test(`${msg}`)))
  t.equal((await keyOf()).expiry, 'dated', 'that of the key in use')
  await app.reload(config)
  await until(async () => (await keyOf()).expiry === 'never')
  t.strictSame(asked(), [`/access_keys/${DEMO_USER.accessKeyId}`, `/access_keys/${OTHER_ID}`])
})

t.test('requests do not wait for the answer, nor does the end of the proxy', async t => {
  const { app, call, keyOf, asked, simulator, log } = await startAsking(t)
  simulator.fault({ kind: 'hang', path: '/access_keys/' })
  t.equal((await call('/v2/policy')).status, 200)
  await until(() => asked().length === 1)
  t.strictSame(await keyOf(), UNKNOWN)
  t.equal(await app.close(), true)
  t.notMatch(JSON.stringify(log), /cannot tell when/)
})
