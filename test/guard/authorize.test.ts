import t from 'tap'
import { ACCESS_KEY_RULES, parseRule } from '../../src/config/policy.ts'
import { authorize } from '../../src/guard/authorize.ts'
import { ANYTHING, clientOf, makeConfig, startPair } from '../support/proxy.ts'

const [CI, ADMIN] = ['the-token-of-ci-0', 'the-token-of-admin']

const as = (token: string) => ({ 'x-prismacloud-proxy-token': token })

async function start(t: Parameters<typeof startPair>[0]) {
  const policy = { deny: [parseRule('POST,PUT,PATCH,DELETE /access_keys/**')] }
  const clients = [clientOf('ci', CI, { access: 'read-only' }), clientOf('admin', ADMIN)]
  const prod = { ...ANYTHING, name: 'tenants.prod', allow: [parseRule('GET /v2/**')] }
  return startPair(t, {
    config: { policy, clients, log: { requests: 'all' } },
    tenants: { default: {}, prod: { policy: prod } },
  })
}

t.test('a blocked request is never forwarded, and the detail names the policy', async t => {
  const { call, simulator } = await start(t)
  const rows: [token: string, method: string, path: string, denied?: RegExp][] = [
    [CI, 'GET', '/v2/policy'],
    [CI, 'POST', '/v2/alert'],
    [CI, 'DELETE', '/policy/1', /^blocked by clients\.ci\.access: read-only/],
    [ADMIN, 'DELETE', '/policy/1'],
    [ADMIN, 'GET', '/access_keys'],
    [ADMIN, 'POST', '/access_keys', /^blocked by policy\.deny: POST,PUT,PATCH,DELETE \/access_keys\/\*\*/],
    [ADMIN, 'GET', '/_tenant/prod/v2/policy'],
    [ADMIN, 'GET', '/_tenant/prod/cloud', /^blocked by tenants\.prod\.allow: no rule matches/],
    [ADMIN, 'POST', '/_tenant/prod/v2/policy', /^blocked by tenants\.prod\.allow: no rule matches/],
  ]
  for (const [token, method, path, denied] of rows) {
    const before = simulator.requests.length
    const reply = await call(path, { method, headers: as(token) })
    if (denied) {
      t.match(reply.json(), { status: 403, type: '/_proxy/problems/policy-denied', detail: denied, retryable: false })
      t.equal(simulator.requests.length, before, `${method} ${path}`)
    } else t.not(reply.status, 403, `${method} ${path}`)
  }
})

t.test('no route can create an access key, unless that is enabled', async t => {
  const service = { body: '{"type":"SERVICE_ACCOUNT","username":"x","accessKeyName":"x"}' }
  const locked = await startPair(t, { config: { policy: { deny: ACCESS_KEY_RULES } } })
  const open = await startPair(t)
  for (const [method, path] of [
    ['POST', '/access_keys'],
    ['PATCH', '/access_keys/1/status/true'],
    ['DELETE', '/v2/access_keys/1'],
    ['POST', '/api/v1/access_keys'],
    ['POST', '/access_keys%23x'],
    ['POST', '/user'],
    ['POST', '/v2/user'],
    ['POST', '/v3/user'],
    ['POST', '/v10/user/'],
    ['POST', '/V3/%75ser.json'],
    ['POST', '/v3/user%3fx'],
    ['POST', '//x/v3/user'],
    ['POST', '/_tenant/default/v3/user?x'],
  ] as const) {
    const reply = await locked.call(path, { method, ...service })
    const detail = /access keys \(policy\.manageAccessKeys: true /
    t.match(reply.json(), { status: 403, type: '/_proxy/problems/policy-denied', detail }, `${method} ${path}`)
    t.not((await open.call(path, { method, ...service })).status, 403, `${method} ${path}`)
  }
  t.equal(locked.simulator.requests.length, 0)
  for (const [method, path] of [
    ['GET', '/access_keys'],
    ['GET', '/v3/user'],
    ['PUT', '/v2/user/jane@example.com'],
    ['DELETE', '/user/jane@example.com'],
    ['PATCH', '/user/jane@example.com/status/false'],
    ['POST', '/user/role'],
    ['POST', '/users'],
    ['POST', '/username'],
  ] as const)
    t.not((await locked.call(path, { method, body: '{}' })).status, 403, `${method} ${path}`)
})

t.test('a deny rule covers every reading of the path by the upstream', async t => {
  const rules = ['/v2/secret/**', 'GET /v2/*/hidden', 'HEAD /v2/head'].map(parseRule)
  const { call, simulator } = await startPair(t, { config: { policy: { deny: rules } } })
  const paths = ['/v2/secret%3f/1', '/v2/secret%23x', '/v2/secret.json', '/v2/s%65cret%253b', '/v2/x/%252e%252e/secret']
  for (const path of [...paths, '/v2/a%2Fb/h%69dden', '/v2/a%2523/hidden%23'])
    t.match((await call(path)).json(), { status: 403, detail: /^blocked by policy\.deny: / }, path)
  for (const path of ['/v2/secret#/1', '/v2#/secret', '/v2/x?#'])
    t.match((await call(path)).json(), { status: 400 }, path)
  t.equal((await call('/v2/head', { method: 'HEAD' })).status, 403)
  t.equal(simulator.requests.length, 0)
  for (const path of ['/v2/secrets', '/v2/a%2Fsecret', '/v2/x?/v2/secret', '/v2/head', '/x/v2%23/secret'])
    t.not((await call(path)).status, 403, path)
})

t.test('a read-only client cannot disguise a write', async t => {
  const { call, simulator } = await start(t)
  const asked = (path: string) => call(path, { method: 'POST', headers: as(CI), body: '{}' })
  for (const path of ['/v2/policy%23/search', '/v2/policy%3f/search', '/v2/policy;/search', '/v2/policy%26/search'])
    t.match((await asked(path)).json(), { status: 403, detail: /read-only/ }, path)
  t.match((await asked('/v2/policy#/search')).json(), { status: 400, detail: /fragment/ })
  t.equal(simulator.requests.length, 0)
  t.not((await asked('/s%65arch')).status, 403, 'which has no other reading')
})

t.test('without a policy, nothing is checked', async t => {
  const { call, simulator } = await startPair(t)
  await call('/%2525252561ccess_keys', { method: 'DELETE' })
  t.match(simulator.requests.at(-1), { method: 'DELETE', url: '/%2525252561ccess_keys' })
})

t.test('each log line names the client', async t => {
  const { call, log } = await start(t)
  await call('/v2/policy', { headers: as(CI) })
  await call('/v2/policy', { headers: as(ADMIN) })
  await call('/v2/policy', { headers: as('somebody else') })
  const clients = log.filter(({ path }) => path === '/v2/policy').map(({ client }) => client)
  t.strictSame(clients, ['ci', 'admin', null])
  t.notMatch(JSON.stringify(log), /the-token-of/)
})

t.test('a client without a token is not authorized, however it was admitted', async t => {
  const config = makeConfig({ upstream: 'app2', config: { clients: [clientOf('ci', CI)] } })
  const target = { tenant: 'default', readings: { usual: '/', all: ['/'] } }
  t.throws(() => authorize(config, { method: 'GET', client: null }, target), {
    name: 'Problem',
    type: 'client-unauthorized',
  })
  t.doesNotThrow(() => authorize(config, { method: 'GET', client: 'ci' }, target))
})
