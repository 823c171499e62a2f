import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { start } from '../../src/commands/start.ts'
import { version } from '../../src/kernel/product.ts'
import { DEMO_USER } from '../../src/simulator/index.ts'
import { settle } from '../support/clock.ts'
import { failing, startFakeRedis } from '../support/fake-redis.ts'
import { freePort } from '../support/free-port.ts'
import { fakeHost } from '../support/host.ts'
import { answerTo, call, open, readReply } from '../support/http.ts'
import { issue, makeCa } from '../support/pki.ts'
import { until } from '../support/until.ts'
import { http, rawUpstream } from '../support/upstream.ts'
import { KEY, logged, run, simulate, USER } from './rig.ts'

t.test('it serves, and tells the log how it goes in lines of JSON and nothing else', async t => {
  const simulator = await simulate(t)
  const { host, listening, ended } = run(t, { PC_URL: simulator.url })
  const port = await listening()
  await host.stdout.until(/"ready in \d+ ms"/)
  t.equal((await call(port, '/v2/policy')).status, 200)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
  const lines = logged(host.stdout.text)
  t.match(
    lines.find(({ msg }) => msg.startsWith('listening')),
    {
      level: 30,
      version,
      address: `http://127.0.0.1:${port}`,
      tenants: [
        { tenant: 'default', stack: null, api: simulator.url, credentials: 'environment PC_IDENTITY/PC_SECRET' },
      ],
    },
  )
  t.equal(lines.at(-1)?.msg, 'tenant default: session closed, no longer needed')
  t.equal(host.stderr.text, '')
})

t.test('a running request may finish after either signal, and the end is a good one', async t => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const upstream = await rawUpstream(t, () => {})
    const { host, listening, ended } = run(t, { PC_URL: upstream.url })
    const sent = open(await listening(), '/v2/policy')
    sent.end()
    await until(() => upstream.requests.length === 1)
    host.signals.emit(signal)
    await host.stdout.until(/shutting down: waiting up to 10 s for 1 request"/)
    upstream.requests[0]?.answer(http('200 OK', [], 'late'))
    t.match(await readReply(await answerTo(sent)), { status: 200, text: 'late', headers: { connection: 'close' } })
    t.equal(await ended(), 0, signal)
  }
})

t.test('a drain that has to be cut short ends as the signal would have', async t => {
  const codes = { SIGTERM: 143, SIGINT: 130 }
  for (const [signal, code] of Object.entries(codes)) {
    const upstream = await rawUpstream(t, () => {})
    const drainTimeout = { PRISMACLOUD_PROXY_LISTEN_DRAIN_TIMEOUT: '50ms' }
    const { host, listening, ended } = run(t, { PC_URL: upstream.url, ...drainTimeout })
    const cut = t.rejects(call(await listening(), '/v2/policy'), { code: 'ECONNRESET' })
    await until(() => upstream.requests.length === 1)
    host.signals.emit(signal)
    t.equal(await ended(), code)
    await cut
  }
})

t.test('a signal during the first login ends it, and nothing is said of a login any more', async t => {
  const upstream = await rawUpstream(t, () => {}, { login: () => {} })
  const { host, listening, ended } = run(t, { PC_URL: upstream.url })
  await listening()
  await until(() => upstream.logins.length === 1)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
  await settle()
  t.notMatch(host.stdout.text, /ready/)
  t.equal(host.stderr.text, '')
})

t.test('credentials that every tenant is refused end it, with a message that names each', async t => {
  const { url } = await simulate(t, { users: [DEMO_USER] })
  const { host, ended } = run(t, { ...tenantsAt(url), PRISMACLOUD_PROXY_TENANTS_C_LAZY: 'true' })
  t.equal(await ended(), 3)
  t.match(host.stderr.text, /^tenant a \(rejected\): .*invalid_credentials.*\ntenant b \(rejected\): /)
  t.match(host.stderr.text, /\nPrisma Cloud rejected every access key; run prismacloud-proxy check for details\n$/)
  t.notMatch(host.stderr.text, /tenant c/)
})

t.test('a key that is refused is told once, with the reason', async t => {
  const { url } = await simulate(t, { users: [DEMO_USER] })
  for (const isTTY of [false, true]) {
    const { host, ended } = run(t, { PC_URL: url }, { isTTY })
    t.equal(await ended(), 3)
    const told = (host.stdout.text + host.stderr.text).match(/tenant default \(rejected\)|invalid_credentials/g)
    t.strictSame(told, ['tenant default (rejected)', 'invalid_credentials'])
  }
  const { url: good } = await simulate(t)
  const two = run(t, { ...tenantsAt(good), PRISMACLOUD_PROXY_TENANTS_B_URL: url }, { isTTY: true })
  await two.host.stdout.until(/not ready/)
  await two.host.stdout.until(/tenant a: session ready/)
  t.equal(two.host.stdout.text.match(/invalid_credentials/g)?.length, 1)
  two.host.signals.emit('SIGTERM')
  t.equal(await two.ended(), 0)
})

t.test('credentials that one of two is refused leave the other served', async t => {
  const [good, bad] = [await simulate(t), await simulate(t, { users: [DEMO_USER] })]
  const { host, listening, ended } = run(t, { ...tenantsAt(good.url), PRISMACLOUD_PROXY_TENANTS_B_URL: bad.url })
  await host.stdout.until(/"not ready: tenant b \(rejected\): .*invalid_credentials/)
  const port = await listening()
  t.equal((await call(port, '/v2/policy')).status, 200)
  t.equal((await call(port, '/v2/policy', { headers: { 'x-prismacloud-tenant': 'b' } })).status, 502)
  host.signals.emit('SIGINT')
  t.equal(await ended(), 0)
  const line = logged(host.stdout.text).find(({ msg }) => msg.startsWith('not ready'))
  t.match(line, { level: 40, waitingFor: [{ tenant: 'b', state: 'rejected' }] })
  t.notMatch(line?.msg, /tenant a/)
})

/** Two tenants of the same upstream, of which `a` is the default, and a third of which nothing is said but its key. */
function tenantsAt(url: string): Record<string, string> {
  const of = (name: string) =>
    Object.entries({ URL: url, ACCESS_KEY_ID: USER.accessKeyId, SECRET_KEY: USER.secretKey }).map(
      ([key, value]) => [`PRISMACLOUD_PROXY_TENANTS_${name}_${key}`, value] as const,
    )
  return Object.fromEntries([...['A', 'B', 'C'].flatMap(of), ['PRISMACLOUD_PROXY_DEFAULT_TENANT', 'a']])
}

t.test('an upstream that is down at start is waited for', async t => {
  const upstream = await freePort()
  const url = `http://127.0.0.1:${upstream}`
  const { host, listening, ended } = run(t, { PC_URL: url, PRISMACLOUD_PROXY_SESSION_WAIT_TIMEOUT: '50ms' })
  const port = await listening()
  await host.stdout.until(/tenant default: login failed .*refuses connections/)
  await host.stdout.until(/"not ready: tenant default \(/)
  t.equal((await call(port, '/_proxy/readyz')).status, 503)
  await simulate(t, { port: upstream })
  await host.stdout.until(/tenant default: session ready/)
  t.equal((await call(port, '/_proxy/readyz')).status, 200)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
})

t.test('a lazy tenant logs in at its first use', async t => {
  const simulator = await simulate(t)
  const { host, listening, ended } = run(t, { PC_URL: simulator.url, PRISMACLOUD_PROXY_TENANTS_DEFAULT_LAZY: 'true' })
  await host.stdout.until(/"ready in/)
  t.equal(simulator.counts.logins, 0)
  t.equal((await call(await listening(), '/v2/policy')).status, 200)
  t.equal(simulator.counts.logins, 1)
  host.signals.emit('SIGTERM')
  t.equal(await ended(), 0)
})

t.test('an address that cannot be had ends it with the cure', async t => {
  const { url } = await simulate(t)
  const taken = new URL(url).host
  const rows = { [taken]: `${taken} is already in use; find`, '192.0.2.1:0': ': not an address of this machine;' }
  for (const [address, message] of Object.entries(rows)) {
    const clientTokenFile = t.testdir({ token: 'marked-client-token' })
    const { host, ended } = run(t, {
      PC_URL: url,
      PRISMACLOUD_PROXY_LISTEN_ADDRESS: address,
      PRISMACLOUD_PROXY_LISTEN_CLIENT_TOKEN_FILE: `${clientTokenFile}/token`,
    })
    t.equal(await ended(), 1)
    t.match(host.stderr.text, message)
    t.notMatch(host.stdout.text, 'listening')
  }
})

t.test('a configuration with faults is none', async t => {
  await t.rejects(start.run(fakeHost({ args: ['--log-level', 'loud'] })), { name: 'ConfigError' })
})

t.test('an unexpected error is passed on, and nothing is left listening', async t => {
  const { url } = await simulate(t)
  const host = fakeHost({ env: { ...KEY, PC_URL: url, PRISMACLOUD_PROXY_LISTEN_ADDRESS: '127.0.0.1:0' } })
  let port = 0
  const write = (line: string) => {
    if (!line.includes(url)) port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0)
    if (port > 0) throw new Error('no space left')
  }
  Object.assign(host.stdout, { isTTY: true, write })
  await t.rejects(start.run(host), { message: 'no space left' })
  await t.rejects(call(port, '/_proxy/livez'), { code: 'ECONNREFUSED' })
})

t.test('it listens for https too, with a certificate of its own making or a given one', async t => {
  const simulator = await simulate(t)
  const folder = t.testdir()
  const { cert, key } = await issue(await makeCa(), { names: ['localhost'] })
  writeFileSync(join(folder, 'cert.pem'), cert)
  writeFileSync(join(folder, 'key.pem'), key)
  const given = { _CERT_FILE: join(folder, 'cert.pem'), _KEY_FILE: join(folder, 'key.pem') }
  for (const tls of [{ '': 'auto' }, given]) {
    const settings = Object.entries({ ...tls, _ADDRESS: '127.0.0.1:0' }).map(([name, value]) => [
      `PRISMACLOUD_PROXY_LISTEN_TLS${name}`,
      value,
    ])
    const env = { PC_URL: simulator.url, XDG_STATE_HOME: folder, ...Object.fromEntries(settings) }
    const { host, ended } = run(t, env)
    await host.stdout.until(/"listening at https:\/\/127\.0\.0\.1:\d+"/)
    host.signals.emit('SIGTERM')
    t.equal(await ended(), 0)
  }
})

t.test('a client may end it, where that is switched on, and need not wait for other clients', async t => {
  const simulator = await simulate(t)
  const { host, listening, ended } = run(t, { PC_URL: simulator.url, PRISMACLOUD_PROXY_ADMIN_QUIT: 'true' })
  const isInterrupted = once(host.signals, 'SIGINT')
  t.equal((await call(await listening(), '/_proxy/quit', { method: 'POST' })).status, 202)
  await isInterrupted
  t.equal(await ended(), 0)
})

t.test('a member of a fleet tells why its Redis cannot be used, and serves all the same', async t => {
  const simulator = await simulate(t)
  const redis = await startFakeRedis(t, failing({ EVALSHA: 'NOPERM' }))
  const { host, listening, ended } = run(t, {
    PC_URL: simulator.url,
    PRISMACLOUD_PROXY_FLEET_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  })
  const port = await listening()
  t.equal((await call(port, '/v2/policy')).status, 200)
  const { fleet } = JSON.parse(`${(await call(port, '/_proxy/status')).body}`)
  t.match(fleet, { state: 'down', members: [{ name: /^[\w.-]+\/\d+$/, isThis: true }] })
  t.match(host.stdout.text, /fleet default: going on alone until Redis is back: the user of Redis lacks/)
  host.signals.emit('SIGINT')
  t.equal(await ended(), 0)
})
