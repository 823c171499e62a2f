import t from 'tap'
import { authCallOf } from '../../src/request/auth-call.ts'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { dial, readAll } from '../support/http.ts'
import { clientOf, makeConfig, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const TOKEN = 'the-token-of-the-client-ci'
const LOCKED = { config: { clients: [clientOf('ci', TOKEN), clientOf('other', 'the-token-of-another-client')] } }

const credentials = (password: string) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username: 'whoever', password }),
})
const withToken = (token: string) => ({ headers: { 'x-redlock-auth': token } })

t.test('the calls that log in and extend are known by method and path, and no other spelling', async t => {
  type Row = [method: string, path: string, call: 'login' | 'extend' | undefined]
  const known: Row[] = [
    ['POST', '/login', 'login'],
    ['GET', '/auth_token/extend', 'extend'],
    ['POST', '/api/v1/authenticate', undefined],
    ['GET', '/login', undefined],
    ['POST', '/auth_token/extend', undefined],
    ['POST', '//login', undefined],
    ['POST', '/Login', undefined],
    ['POST', '/login/', undefined],
    ['POST', '/x/login', undefined],
    ['POST', '/%6cogin', undefined],
  ]
  for (const [method, path, call] of known) t.equal(authCallOf(method, path, false), call, `${method} ${path}`)
  const ofCompute: Row[] = [
    ['POST', '/api/v1/authenticate', 'login'],
    ['POST', '/api/v34.01/authenticate', 'login'],
    ['GET', '/api/v1/authenticate/renew', 'extend'],
    ['GET', '/api/v1/authenticate', undefined],
    ['POST', '/api/v1/authenticate-client', undefined],
    ['POST', '/api/vx/authenticate', undefined],
    ['POST', '/login', undefined],
    ['GET', '/auth_token/extend', undefined],
  ]
  for (const [method, path, call] of ofCompute)
    t.equal(authCallOf(method, path, true), call, `Compute: ${method} ${path}`)
})

t.test('a tool that insists on logging in gets a token of the proxy’s own, and goes on with it', async t => {
  const prismaId = `${DEMO_USER.tenants[0]?.prismaId}`
  const { call, simulator, clock } = await startPair(t, { tenants: { default: { prismaId } } })
  const login = await call('/login', credentials('anything'))
  t.match(login, { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
  t.match(login.headers, { 'x-request-id': /./, 'server-timing': /./ })
  const { token, ...rest } = login.json()
  const customerNames = [{ customerName: 'default', prismaId, tosAccepted: true }]
  t.strictSame(rest, { message: 'login_successful', customerNames })
  t.equal(token.split('.').length, 3)
  t.equal(simulator.requests.length, 0, 'the upstream saw none of it')
  let current = token
  for (let lifetimes = 0; lifetimes < 3; lifetimes++) {
    t.equal((await call('/v2/policy', withToken(current))).status, 200)
    await clock.advance(590_000)
    const extended = await call('/auth_token/extend', withToken(current))
    t.equal(extended.status, 200)
    current = extended.json().token
  }
  const sent = JSON.stringify(simulator.requests)
  t.notOk(
    [token, current].some(each => sent.includes(each)),
    'nor of the tokens',
  )
})

t.test('any credentials will do, or none, in any form', async t => {
  const { call } = await startPair(t)
  for (const body of ['', '[]', 'null', 'not JSON', '{"password":7}', 'x'.repeat(16 * 1024)]) {
    t.equal((await call('/login', { method: 'POST', body })).status, 200)
  }
  t.match(await call('/login', { method: 'POST', body: 'x'.repeat(16 * 1024 + 1) }), { status: 413 })
  t.equal((await call('/auth_token/extend?x=1')).status, 200)
  t.equal((await call('/login?x=1', credentials('x'))).status, 200)
})

t.test('the token names the tenant that it was asked for, whose name must be one', async t => {
  const { call } = await startPair(t, { tenants: { default: {}, prod: { customerName: 'Acme' } } })
  const { customerNames } = (await call('/_tenant/prod/login', credentials('x'))).json()
  t.match(customerNames, [{ customerName: 'Acme', prismaId: '' }])
  t.equal((await call('/_tenant/nobody/login', credentials('x'))).status, 404)
})

t.test('where clients have tokens, the password must be one, and the token is that client’s', async t => {
  const lines: string[] = []
  const audit = { write: (line: string) => void lines.push(line) }
  const { app, call, clock, log } = await startPair(t, { ...LOCKED, audit })
  for (const options of [credentials('wrong'), credentials(''), { method: 'POST' }]) {
    const reply = await call('/login', options)
    t.match(reply, { status: 401, headers: { 'www-authenticate': /./ } })
    t.match(reply.json(), { type: '/_proxy/problems/client-unauthorized', detail: /password/ })
  }
  t.equal((await call('/auth_token/extend')).status, 401)
  const { token } = (await call('/login', credentials(TOKEN))).json()
  t.equal((await call('/v2/policy', withToken(token))).status, 200)
  t.equal((await call('/v2/policy', { headers: { authorization: `Bearer ${token}` } })).status, 200)
  t.equal((await call('/v2/policy', withToken(TOKEN))).status, 200, 'as the token itself')
  t.equal((await call('/v2/policy', withToken(`${token}x`))).status, 401)
  const said = lines.map(line => JSON.parse(line)).filter(({ client }) => client !== null)
  t.match(said, [
    { client: 'ci', verdict: 'answered' },
    { client: 'ci', verdict: 'forwarded' },
  ])
  await clock.advance(590_000)
  await until(() => app.sessions.use('default')?.generation === 2)
  const extended = (await call('/auth_token/extend', withToken(token))).json().token
  await clock.advance(10_000)
  t.equal((await call('/v2/policy', withToken(token))).status, 401, 'it has ended')
  t.equal((await call('/v2/policy', withToken(extended))).status, 200)
  const told = lines.join() + JSON.stringify(log)
  t.notOk([TOKEN, token, extended].some(each => told.includes(each)))
})

t.test('a token that was had by a client’s own ends with that', async t => {
  const { call, app, simulator } = await startPair(t, LOCKED)
  const { token } = (await call('/login', credentials(TOKEN))).json()
  t.equal((await call('/v2/policy', withToken(token))).status, 200)
  const config = { clients: [clientOf('ci', 'the-new-token-of-the-client-ci')] }
  await app.reload(makeConfig({ upstream: simulator.url, config }))
  for (const path of ['/v2/policy', '/auth_token/extend'])
    t.equal((await call(path, withToken(token))).status, 401, path)
})

t.test('a login that is not fully sent is waited for no longer than others', async t => {
  const { port, clock } = await startPair(t)
  const socket = dial(port)
  socket.write('POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{')
  const text = readAll(socket)
  for (let n = 0; n < 7; n++) await clock.advance(10_000)
  t.match(await text, /^HTTP\/1\.1 408 /)
})

t.test('the same for Compute, whose tokens are shown as Bearer', async t => {
  const { call, simulator } = await startPair(t, LOCKED)
  for (const options of [credentials('wrong'), { method: 'POST' }])
    t.equal((await call('/_compute/api/v1/authenticate', options)).status, 401)
  const login = await call('/_compute/api/v34.01/authenticate', credentials(TOKEN))
  t.strictSame(Object.keys(login.json()), ['token'])
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}`, host: 'compute.localhost' } })
  const renewed = await call('/api/v1/authenticate/renew', bearer(login.json().token))
  t.strictSame(Object.keys(renewed.json()), ['token'])
  const hosts = await call('/api/v1/hosts', bearer(renewed.json().token))
  t.match(hosts, { status: 200, headers: { 'total-count': '120' } })
  const sent = JSON.stringify(simulator.requests)
  t.notOk([login, renewed].some(each => sent.includes(each.json().token)))
})

t.test('who is let in to log in is so for nothing else', async t => {
  const { call, simulator } = await startPair(t, LOCKED)
  const host = { host: 'compute.localhost' }
  const rows: [path: string, headers: Record<string, string>][] = [
    ['/login', host],
    ['/api/v1/authenticate', {}],
    ['/_compute/login', {}],
    ['/_tenant/nobody/_compute/api/v1/hosts', {}],
    ['/api/v1/authenticate', { host: 'compute.localhost.example' }],
    ['/_compute/api/v1/authenticate/', {}],
  ]
  for (const [path, headers] of rows)
    t.ok([401, 403].includes((await call(path, { ...credentials('x'), headers })).status), path)
  t.equal(simulator.requests.filter(({ url }) => url !== '/login').length, 0)
})
