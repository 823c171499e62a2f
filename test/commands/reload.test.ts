import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { call } from '../support/http.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { configured, LISTEN, tenant } from './configured.ts'
import { simulate } from './rig.ts'

const to = (name: string) => ({ headers: { 'x-prismacloud-tenant': name } })

t.test('tenants come and leave, and no running request is disturbed, not even of one that leaves', async t => {
  t.testdir()
  const [upstream, simulator] = [await rawUpstream(t, () => {}), await simulate(t)]
  const stays = tenant(upstream.url)
  const proxy = await configured(t, { defaultTenant: 'stays', tenants: { stays, leaves: stays } })
  const running = Promise.all(['stays', 'leaves'].map(name => call(proxy.port, '/v2/policy', to(name))))
  await until(() => upstream.requests.length === 2)
  t.equal((await call(proxy.port, '/v2/policy', to('comes'))).status, 404)
  proxy.write({ defaultTenant: 'stays', tenants: { stays, comes: tenant(simulator.url) } })
  proxy.hangUp()
  await proxy.told(/tenant comes: session ready/)
  t.equal((await call(proxy.port, '/v2/policy', to('comes'))).status, 200)
  t.match(await call(proxy.port, '/v2/policy', to('leaves')), { status: 404, text: /unknown-tenant/ })
  for (const request of upstream.requests) request.answer(http('200 OK', [], 'late'))
  for (const reply of await running) t.match(reply, { status: 200, text: 'late' })
  t.equal(upstream.logins.length, 2, 'who stays does not log in again')
  t.match(await proxy.told(/configuration (?:not )?reloaded/), [{ level: 30, msg: 'configuration reloaded' }])
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('another client token counts from SIGHUP on', async t => {
  const clientTokenFile = join(t.testdir({ token: 'marked-token-number-one' }), 'token')
  const { url } = await simulate(t)
  const listen = { ...LISTEN, clientTokenFile }
  const proxy = await configured(t, { listen, tenants: { default: tenant(url) } })
  const show = async (authorization: string) =>
    (await call(proxy.port, '/v2/policy', { headers: { authorization } })).status
  writeFileSync(clientTokenFile, 'marked-token-number-two')
  t.equal(await show('Bearer marked-token-number-one'), 200)
  t.equal(await show('Bearer marked-token-number-two'), 401)
  proxy.hangUp()
  await until(async () => (await show('Bearer marked-token-number-two')) === 200)
  t.equal(await show('Bearer marked-token-number-one'), 401)
  proxy.write({ tenants: { default: tenant(url) } })
  proxy.hangUp()
  await until(async () => (await show('')) === 200)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('another form of errors and other trusted hosts count from SIGHUP on', async t => {
  t.testdir()
  const { url } = await simulate(t)
  const tenants = { default: tenant(url) }
  const proxy = await configured(t, { tenants })
  const wrong = { method: 'POST', body: '{}', headers: { host: 'proxy.example' } }
  t.equal((await call(proxy.port, '/v2/alert', wrong)).status, 403)
  proxy.write({ tenants, listen: { ...LISTEN, trustedHosts: ['proxy.example'] } })
  proxy.hangUp()
  await until(async () => (await call(proxy.port, '/v2/alert', wrong)).status === 400)
  t.match((await call(proxy.port, '/v2/alert', wrong)).headers, { 'content-type': /problem\+json/ })
  proxy.write({ tenants, errors: 'passthrough', listen: { ...LISTEN, trustedHosts: ['proxy.example'] } })
  proxy.hangUp()
  await until(async () => !/problem/.test(`${(await call(proxy.port, '/v2/alert', wrong)).headers['content-type']}`))
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('another log level counts from SIGHUP on', async t => {
  t.testdir()
  const { url } = await simulate(t)
  const [first, second] = [tenant(url), tenant(url)]
  const proxy = await configured(t, { defaultTenant: 'first', tenants: { first } })
  await proxy.told(/tenant first: session ready/)
  t.notMatch(proxy.host.stdout.text, 'logging in')
  proxy.write({ defaultTenant: 'first', log: { level: 'debug' }, tenants: { first, second } })
  proxy.hangUp()
  t.match(await proxy.told(/tenant second: logging in/), [{ level: 20 }])
  await proxy.told(/tenant second: session ready/)
  proxy.write({ defaultTenant: 'first', log: { level: 'error' }, tenants: { first, second } })
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/, 2)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
  t.notMatch(proxy.host.stdout.text, 'draining')
})

t.test('another time to drain counts from SIGHUP on', async t => {
  t.testdir()
  const upstream = await rawUpstream(t, () => {})
  const tenants = { default: tenant(upstream.url) }
  const proxy = await configured(t, { tenants })
  const cut = t.rejects(call(proxy.port, '/v2/policy'), { code: 'ECONNRESET' })
  await until(() => upstream.requests.length === 1)
  proxy.write({ tenants, listen: { ...LISTEN, drainTimeout: '50ms' } })
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 143)
  await cut
})

t.test('what is allowed but unwise is told again', async t => {
  t.testdir()
  const { url } = await simulate(t)
  const proxy = await configured(t, { tenants: { default: tenant(url) } })
  chmodSync(proxy.file, 0o644)
  proxy.hangUp()
  const [warning] = await proxy.told(/contains a secret key and can be read by other users/)
  t.equal(warning?.level, 40)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})
