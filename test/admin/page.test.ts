import t, { type Test } from 'tap'
import { clientOf, type ProxyOptions, startPair } from '../support/proxy.ts'
import { until } from '../support/until.ts'

const [ci, boss] = ['ci-0123456789', 'boss-0123456789']
const clients = [clientOf('ci', ci), clientOf('boss', boss, {}, true)]

/** A proxy, what its page is told, and what the page sends with each request. */
async function started(t: Test, options: Omit<ProxyOptions, 'upstream' | 'clock'> = {}) {
  const pair = await startPair(t, options)
  const told = (await pair.call('/_proxy/page/session')).json() as Record<string, string>
  return { ...pair, told, fromPage: { 'x-prismacloud-proxy-page-token': `${told.token}` } }
}

t.test('the page is served to browsers, with a policy that lets no other script run', async t => {
  const { call } = await started(t)
  const reply = await call('/_proxy/', { headers: { accept: 'text/html' } })
  t.match(reply, { status: 200, text: /<script type="module" src="\/_proxy\/page\/page\.js">/ })
  const policy = `${reply.headers['content-security-policy']}`
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "require-trusted-types-for 'script'",
    "frame-ancestors 'none'",
  ])
    t.match(policy, rule)
  t.notMatch(policy, 'unsafe')
  t.equal(reply.headers['x-content-type-options'], 'nosniff')
  const types = { 'page.js': 'text/javascript; charset=utf-8', 'page.css': 'text/css; charset=utf-8' }
  for (const [name, type] of Object.entries(types)) {
    const file = await call(`/_proxy/page/${name}`)
    t.match(file, { status: 200, headers: { 'content-type': type, 'cache-control': 'no-cache' } })
    t.match(file.headers['content-security-policy'], 'sandbox', 'opened by itself it does nothing')
  }
  t.match((await call('/_proxy/')).json(), { version: '1.2.3' }, 'programs get JSON, as before')
})

t.test('the page is told who it is for', async t => {
  const open = await started(t)
  t.strictSame(open.told, {
    version: '1.2.3',
    token: open.told.token,
    client: null,
    needsLogin: false,
    isAdmin: true,
    isReadOnly: false,
  })
  const closed = await started(t, { config: { clients } })
  t.match(closed.told, { client: null, needsLogin: true, isAdmin: false })
  t.not(closed.told.token, open.told.token)
})

t.test('a login is a cookie that counts only with the page token', async t => {
  const { call, fromPage, clock } = await started(t, { config: { clients } })
  const login = (token: string) =>
    call('/_proxy/page/login', { method: 'POST', headers: { ...fromPage, authorization: `Bearer ${token}` } })
  t.match(await login('wrong'), { status: 401, headers: { 'www-authenticate': 'Bearer' } })
  const { status, headers } = await login(ci)
  t.equal(status, 204)
  const [set] = [headers['set-cookie']].flat()
  t.match(set, /^prismacloud-proxy-\d+=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
  t.notMatch(set, ci)
  const cookie = `other=1; ${set?.split(';')[0]}`
  t.equal((await call('/_proxy/requests', { headers: { cookie } })).status, 401)
  t.equal((await call('/_proxy/requests', { headers: { ...fromPage, cookie } })).status, 200)
  t.match((await call('/_proxy/page/session', { headers: { cookie } })).json(), { client: 'ci', needsLogin: false })
  t.match((await login(boss)).headers['set-cookie'], /HttpOnly/)

  const out = await call('/_proxy/page/logout', { method: 'POST', headers: { ...fromPage, cookie } })
  t.match(out, { status: 204, headers: { 'set-cookie': /^prismacloud-proxy-\d+=; Path=\/; Max-Age=0; / } })
  clock.advance(12 * 3_600_000 + 1_000)
  t.equal((await call('/_proxy/requests', { headers: { ...fromPage, cookie } })).status, 401, 'after twelve hours')
})

t.test('admins renew sessions', async t => {
  const { call, fromPage, app, simulator } = await started(t, { config: { clients } })
  await app.login()
  const renew = (token: string, tenant = 'default') => {
    const headers = { ...fromPage, 'x-prismacloud-proxy-token': token }
    return call(`/_proxy/page/renew?tenant=${tenant}`, { method: 'POST', headers })
  }
  t.match(await renew(ci), { status: 403, text: /policy-denied/ })
  t.match(await renew(boss, 'nobody'), { status: 404, text: /unknown-tenant/ })
  t.match(await renew(boss), { status: 202 })
  await until(() => simulator.requests.some(({ url }) => url === '/auth_token/extend'))
  t.match(
    await call('/_proxy/page/renew?tenant=default', { method: 'POST', headers: { 'x-prismacloud-proxy-token': boss } }),
    {
      status: 403,
      text: /Only the page at \/_proxy\/ can do this/,
    },
  )
})

t.test('nothing of the page is served in absolute form', async t => {
  const { call, port } = await started(t)
  const accept = { accept: 'text/html' }
  t.notMatch((await call(`http://127.0.0.1:${port}/_proxy/`, { headers: accept })).text, '<script')
  for (const path of ['page.js', 'session'])
    t.equal((await call(`http://127.0.0.1:${port}/_proxy/page/${path}`)).status, 400, path)
})

t.test('any request id can be looked up', async t => {
  const { call } = await started(t)
  for (const id of ['a b', '<i>', '50%', 'a/b?c#d', '%2F', '~!@$^&*()=+|\\{}[]"\'`'])
    t.match((await call('/v2/policy', { headers: { 'x-request-id': id } })).status, 200) &&
      t.match((await call(`/_proxy/requests/${encodeURIComponent(id)}`)).json(), { id }, id)
})
