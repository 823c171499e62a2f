import t, { type Test } from 'tap'
import { parseRule } from '../../src/config/policy.ts'
import { resolveApi } from '../../src/stacks/resolve.ts'
import { passTime, settle, testClock } from '../support/clock.ts'
import { makeConfig, type ProxyOptions, startPair, startProxy } from '../support/proxy.ts'
import { until } from '../support/until.ts'
import { http, type RawUpstream, rawUpstream } from '../support/upstream.ts'

const HOSTS = '/_compute/api/v1/hosts'

/** A proxy before an API that tells where its Compute console is, and that console. */
async function startBoth(t: Test, options: Partial<ProxyOptions> = {}, base = '/us-1-1') {
  const limit = ['x-ratelimit-replenish-rate: 5', 'x-ratelimit-burst-capacity: 10', 'x-ratelimit-remaining: 9']
  const compute = await rawUpstream(t, request => request.answer(http('200 OK', limit, 'fine')))
  let info = http('200 OK', [], JSON.stringify({ twistlockUrl: compute.url + base }))
  const api = await rawUpstream(t, request => request.answer(info))
  const answerWith = (other: string) => {
    info = other
  }
  return { ...(await startProxy(t, { upstream: api.url, ...options })), api, compute, answerWith }
}

const targets = ({ requests }: RawUpstream) => requests.map(({ target }) => target)

t.test('what is below /_compute, or for a host of Compute, goes to the console that the API names', async t => {
  const { call, simulator } = await startPair(t, { tenants: { default: {}, 'team-a': {} } })
  const rows: [path: string, host?: string][] = [
    [`${HOSTS}?limit=5&offset=115`],
    ['/_tenant/team-a/_compute/api/v34.01/hosts?limit=5&offset=115'],
    ['/api/v1/hosts?limit=5&offset=115', 'compute.localhost'],
    ['/api/v1/hosts?limit=5&offset=115', 'team-a--compute.localhost:9080'],
  ]
  for (const [path, host = 'localhost'] of rows) {
    const reply = await call(path, { headers: { host } })
    t.match(reply, { status: 200, headers: { 'total-count': '120' } }, path)
    t.match(reply.json(), [{ hostname: 'host-115.demo.invalid' }, {}, {}, {}, {}])
  }
  const urls = simulator.requests.map(({ url }) => url)
  t.ok(urls.includes('/us-1-000000000/api/v34.01/hosts?limit=5&offset=115'))
  t.equal(urls.filter(url => url === '/meta_info').length, 2, 'each session asks once')
})

t.test('the console gets the token as the API does, and the API no path of the console’s', async t => {
  const { call, api, compute } = await startBoth(t)
  await call('/_compute/api/v1/hosts?a=%2F', { headers: { authorization: 'Bearer mine', cookie: 'a=b' } })
  await call('/_compute/code/x')
  t.strictSame(targets(api), ['/meta_info'])
  t.strictSame(targets(compute), ['/us-1-1/api/v1/hosts?a=%2F', '/us-1-1/code/x'])
  for (const { head } of compute.requests) {
    t.match(head, 'x-redlock-auth: header.payload.signature')
    t.notMatch(head, /authorization|cookie/i)
  }
  const { endpoints } = (await call('/_proxy/status')).json().pacing
  const names = endpoints.map(({ endpoint }: { endpoint: string }) => endpoint).sort()
  t.strictSame(names, ['GET /_compute/api/v{version}/hosts', 'GET /_compute/code/x'])
})

t.test('it is asked for once by all who come at one time, and again for each new token', async t => {
  const { app, call, simulator, clock } = await startPair(t)
  const asked = () => simulator.requests.filter(({ url }) => url === '/meta_info').length
  const replies = await Promise.all([1, 2, 3, 4].map(() => call(HOSTS)))
  t.strictSame(
    replies.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  t.equal(asked(), 1)
  await clock.advance(590_000)
  await until(() => app.sessions.use('default')?.generation === 2)
  t.equal((await call(HOSTS)).status, 200)
  t.equal(asked(), 2)
})

t.test('a session that the API or the console refuses is renewed unnoticed', async t => {
  const { call, simulator, clock } = await startPair(t)
  await call('/v2/policy')
  simulator.revokeAll()
  t.match(await call(HOSTS), { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } }, 'by the API')
  await clock.advance(60_000)
  simulator.expireAll()
  t.match(await call(HOSTS), { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } }, 'by the console')
})

t.test('errors of the console are problems, and as they came where that is asked for', async t => {
  const { call } = await startPair(t)
  const wrong = await call(`${HOSTS}?limit=51`)
  t.match(wrong.json(), {
    status: 400,
    detail: 'invalid limit',
    instance: HOSTS,
    upstream: { errors: [{ message: 'invalid limit' }] },
  })
  t.match((await call('/_compute/api/v1/none')).json(), { status: 404, detail: 'not found' })
  const raw = await call(`${HOSTS}?limit=51`, { headers: { 'x-prismacloud-proxy-errors': 'passthrough' } })
  t.strictSame([raw.status, raw.text], [400, '{"err":"invalid limit"}'])
})

t.test('where the API does not say where the console is, the client is told why', async t => {
  const rows: [answer: string, detail: RegExp][] = [
    [
      http('200 OK', [], '{}'),
      /not known: the response to \/meta_info contains no twistlockUrl\. If it has one, set its computeUrl$/,
    ],
    [http('200 OK', [], '{"twistlockUrl":""}'), /contains no twistlockUrl/],
    [http('200 OK', [], '{"twistlockUrl":7}'), /contains no twistlockUrl/],
    [http('200 OK', [], 'no JSON'), /contains no twistlockUrl/],
    [http('204 No Content'), /contains no twistlockUrl/],
    [
      http('200 OK', [], '{"twistlockUrl":"http://console.example"}'),
      /the address that \/meta_info names is http, which/,
    ],
  ]
  for (const [answer, detail] of rows) {
    const api = await rawUpstream(t, request => request.answer(answer))
    const { call } = await startProxy(t, { upstream: api.url })
    const reply = await call(HOSTS)
    t.match(reply.json(), { status: 502, type: '/_proxy/problems/upstream-invalid', detail, retryable: false })
    t.equal((await call(HOSTS)).status, 502)
    t.equal(api.requests.length, answer.startsWith('HTTP/1.1 2') ? 2 : 0, 'a failure is not remembered')
  }
})

t.test('an error of the API is told as such, and sent again like any other', async t => {
  const { call, simulator, clock } = await startPair(t)
  simulator.fault({ kind: 'status', status: 403, path: '/meta_info' })
  const refused = await call(HOSTS)
  t.match(refused.json(), { status: 403, upstream: { host: /127\.0\.0\.1/ } })
  simulator.fault({ kind: 'status', status: 503, path: '/meta_info' })
  const later = call(HOSTS)
  t.match(await passTime(clock, later), { status: 200, headers: { 'x-prismacloud-proxy-replayed': '1' } })
})

t.test('an error of the API that quotes the token does not tell it', async t => {
  const { call, answerWith } = await startBoth(t)
  answerWith(http('403 Forbidden', ['x-a: header.payload.signature'], 'no header.payload.signature here'))
  const reply = await call(HOSTS)
  t.match(reply, { status: 403, headers: { 'x-a': '[secret]' } })
  t.match(reply.text, '[secret]')
  t.notMatch(reply.text, 'payload')
})

t.test('the turn of a request that did not get as far as the console is given back', async t => {
  const clock = testClock()
  const { call, answerWith } = await startBoth(t, { clock })
  await call(HOSTS)
  const remaining = async () => (await call('/_proxy/status')).json().pacing.endpoints[0].limit.remaining
  await clock.advance(601_000)
  const before = await remaining()
  const rows = [
    [http('403 Forbidden'), 403],
    [http('200 OK', [], '{}'), 502],
  ] as const
  for (const [answer, status] of rows) {
    answerWith(answer)
    t.equal((await call(HOSTS)).status, status)
    t.equal(await remaining(), before)
  }
})

t.test('an API that is silent, or gone, is waited for no longer than an auth call', async t => {
  const silent = await rawUpstream(t, () => {})
  const clock = testClock()
  const { call } = await startProxy(t, { upstream: silent.url, clock })
  const reply = call(HOSTS)
  while (silent.requests.length === 0) await settle()
  await clock.advance(10_000)
  t.match((await reply).json(), { status: 504, type: '/_proxy/problems/upstream-timeout' })
  const broken = await rawUpstream(t, ({ socket }) => void socket.destroy())
  const other = await startProxy(t, { upstream: broken.url })
  t.match((await other.call(HOSTS)).json(), { status: 502, type: '/_proxy/problems/upstream-unreachable' })
})

t.test('computeUrl is taken as it is, and the API not asked', async t => {
  const compute = await rawUpstream(t, request => request.answer(http('200 OK', [], 'fine')))
  const api = await rawUpstream(t, request => request.answer(http('200 OK')))
  const target = { ...resolveApi(api.url), compute: { origin: compute.url, basePath: '/own' } }
  const { call, app } = await startProxy(t, { upstream: api.url, tenants: { default: { api: target } } })
  t.equal((await call(HOSTS)).text, 'fine')
  t.strictSame(targets(compute), ['/own/api/v1/hosts'])
  t.equal(api.requests.length, 0)
  const other = { ...target, compute: { ...target.compute, basePath: '/other' } }
  await app.reload(makeConfig({ upstream: api.url, tenants: { default: { api: other } } }))
  while ((await call(HOSTS)) && targets(compute).at(-1) !== '/other/api/v1/hosts') await settle()
  t.equal(api.logins.length, 2, 'a token goes where it was meant to when it was issued')
})

t.test('redirects lead back through the proxy, in the way that the client came', async t => {
  const compute: RawUpstream = await rawUpstream(t, request =>
    request.answer(http('302 Found', [`location: ${compute.url}/base/api/v1/next?x`])),
  )
  const target = { ...resolveApi(compute.url), compute: { origin: compute.url, basePath: '/base' } }
  const { call } = await startProxy(t, { upstream: compute.url, tenants: { default: { api: target } } })
  const location = async (path: string, host: string) => (await call(path, { headers: { host } })).headers.location
  t.equal(await location(HOSTS, 'localhost'), '/_compute/api/v1/next?x')
  t.equal(await location('/api/v1/hosts', 'compute.localhost'), '/api/v1/next?x')
  t.equal(await location(`/_tenant/default${HOSTS}`, 'localhost'), '/_tenant/default/_compute/api/v1/next?x')
})

t.test('rules of policies and caches know Compute by its prefix, however a client names it', async t => {
  const lines: string[] = []
  const { call, simulator } = await startPair(t, {
    audit: { write: line => void lines.push(line) },
    config: {
      policy: { deny: [parseRule('/_compute/api/*/version')] },
      cache: { rules: [{ path: parseRule('/_compute/**').path, keepFor: 60_000 }] },
    },
  })
  const host = { headers: { host: 'compute.localhost' } }
  for (const [path, options] of [
    ['/_compute/api/v1/version', {}],
    ['/api/v1/version', host],
  ] as const)
    t.equal((await call(path, options)).status, 403, path)
  const first = await call(HOSTS)
  t.match(first.headers, { 'x-prismacloud-proxy-cache': 'miss' })
  t.match((await call('/api/v1/hosts', host)).headers, { 'x-prismacloud-proxy-cache': 'hit' })
  t.notMatch(
    (await call('/api/v1/hosts')).headers,
    { 'x-prismacloud-proxy-cache': 'hit' },
    'the API’s own path is another',
  )
  const paths = lines.map(line => JSON.parse(line).path)
  t.equal(paths[1], '/_compute/api/v1/version')
  t.equal(simulator.requests.filter(({ url }) => url.includes('version')).length, 0)
})

t.test('a read-only client may not send what Compute may take for a change', async t => {
  const { call } = await startPair(t, { config: { policy: { access: 'read-only' } } })
  t.equal((await call(HOSTS)).status, 200)
  for (const path of ['/_compute/api/v1/search', '/_compute/api/v1/x/query'])
    t.equal((await call(path, { method: 'POST', body: '{}' })).status, 403, path)
})

t.test('no spelling of the calls that log in reaches the console', async t => {
  const { call, compute, api } = await startBoth(t, {}, '')
  for (const [method, path] of [
    ['GET', '/_compute/api/v1/authenticate'],
    ['POST', '/_compute/api/v1/authenticate/'],
    ['POST', '/_compute/api/v1//Authenticate'],
    ['POST', '/_compute/api/v1/%61uthenticate'],
    ['POST', '/_compute/api/v1/authenticate-client'],
    ['GET', '/_compute/api/v1/authenticate/renew/'],
    ['POST', '/_compute/api/v1/authenticate/identity-redirect-url'],
  ] as const)
    t.match((await call(path, { method })).json(), { type: '/_proxy/problems/policy-denied' }, path)
  t.strictSame([...targets(compute), ...targets(api)], [])
})
