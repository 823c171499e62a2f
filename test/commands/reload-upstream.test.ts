import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { call } from '../support/http.ts'
import { outboundTo } from '../support/outbound.ts'
import { issue, makeCa } from '../support/pki.ts'
import { rawUpstream } from '../support/upstream.ts'
import { configured, tenant } from './configured.ts'
import { simulate } from './rig.ts'

t.test('another upstream.caFile counts from SIGHUP on, also where its name stays', async t => {
  const [theirs, others] = await Promise.all([makeCa('CN=Theirs'), makeCa('CN=Others')])
  const caFile = join(t.testdir({ 'ca.pem': others.cert }), 'ca.pem')
  const { url } = await simulate(t, { tls: await issue(theirs, { names: ['127.0.0.1'] }) })
  const proxy = await configured(t, { tenants: { default: tenant(url) }, upstream: { caFile } })
  const status = async () => (await call(proxy.port, '/v2/policy')).status
  await proxy.told(/tenant default: login failed .* not signed by a known authority/)

  writeFileSync(caFile, theirs.cert)
  proxy.hangUp()
  await proxy.told(/tenant default: session ready/)
  t.equal(await status(), 200)

  writeFileSync(caFile, others.cert)
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/, 2)
  const refused = await call(proxy.port, '/v2/policy')
  t.match(refused.json(), { status: 502, detail: /is not signed by a known authority/ })

  writeFileSync(caFile, `${others.cert}\n${theirs.cert}`)
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/, 3)
  t.equal(await status(), 200)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('one that cannot be used is told as an error, and the old one stays', async t => {
  const ca = await makeCa()
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const simulator = await simulate(t, { tls: await issue(ca, { names: ['127.0.0.1'] }) })
  const proxy = await configured(t, { tenants: { default: tenant(simulator.url) }, upstream: { caFile } })
  await proxy.told(/tenant default: session ready/)
  for (const [index, text] of [
    '',
    'rubbish',
    ca.cert.slice(0, -30),
    `${ca.cert}\n-----BEGIN CERTIFICATE-----`,
  ].entries()) {
    writeFileSync(caFile, text)
    proxy.hangUp()
    const said = (await proxy.told(/configuration (?:not )?reloaded/, 1 + index)).at(-1)
    t.match(said, { level: 50, msg: /not reloaded, still using the previous one: .*\n- upstream\.caFile .* contains / })
    // each on a connection of its own
    const replies = await Promise.all(Array.from({ length: 3 }, () => call(proxy.port, '/v2/policy')))
    for (const { status } of replies) t.equal(status, 200)
  }
  t.equal(simulator.counts.logins, 1)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('another outbound proxy and other deadlines count from SIGHUP on', async t => {
  const ca = await makeCa()
  const caFile = join(t.testdir({ 'ca.pem': ca.cert }), 'ca.pem')
  const simulator = await simulate(t, { tls: await issue(ca, { names: ['api.test'] }) })
  const tenants = { default: tenant('https://api.test') }
  const proxy = await configured(t, { tenants, upstream: { caFile, proxy: 'http://127.0.0.1:1' } })
  await proxy.told(/tenant default: login failed .*The outbound proxy failed: 127\.0\.0\.1:1 refuses connections/)
  const upstream = { caFile, proxy: await outboundTo(t, simulator.url) }
  proxy.write({ tenants, upstream })
  proxy.hangUp()
  await proxy.told(/tenant default: session ready/)
  t.equal((await call(proxy.port, '/v2/policy')).status, 200)

  proxy.write({ tenants, upstream: { ...upstream, headersTimeout: '100ms' } })
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/, 2)
  simulator.fault({ kind: 'hang', path: '/v2/policy' })
  t.match((await call(proxy.port, '/v2/policy')).json(), { status: 504, detail: /upstream\.headersTimeout/ })
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})

t.test('where nothing of the upstream changes, connections are kept', async t => {
  t.testdir()
  const upstream = await rawUpstream(t, request => request.answer('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  const parts = { tenants: { default: tenant(upstream.url) } }
  const proxy = await configured(t, parts)
  await call(proxy.port, '/x')
  proxy.write({ ...parts, log: { level: 'debug' } })
  proxy.hangUp()
  await proxy.told(/configuration (?:not )?reloaded/)
  await call(proxy.port, '/x')
  t.equal(upstream.requests[0]?.socket, upstream.requests[1]?.socket)
  proxy.host.signals.emit('SIGTERM')
  t.equal(await proxy.ended(), 0)
})
