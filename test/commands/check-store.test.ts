import t from 'tap'
import { judgeMemory, judgeServer } from '../../src/commands/check/store-facts.ts'
import { check } from '../../src/commands/check.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { DEMO_USER, startSimulator } from '../../src/simulator/index.ts'
import { checkStore } from '../support/check-store.ts'
import { testClock } from '../support/clock.ts'
import { failing, healthy, startFakeRedis } from '../support/fake-redis.ts'
import { fakeHost } from '../support/host.ts'
import { issue, makeCa } from '../support/pki.ts'
import { redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const GOOD = {
  fleet: '✓ default',
  Redis: /^✓ 127\.0\.0\.1:\d+, without TLS$/,
  'Redis login': '✓ as user default',
  'Redis version': '✓ redis 7.0.15',
  'Redis scripts': '✓ can run',
  'Redis messages': '✓ can be heard',
  'Redis memory': '✓ no limit, so no keys are evicted',
}

t.test('the command tries the Redis of a fleet after the tenants', async t => {
  const simulator = await startSimulator({ clock: systemClock })
  t.teardown(() => simulator.close())
  const fake = await startFakeRedis(t)
  const env = { PC_IDENTITY: DEMO_USER.accessKeyId, PC_SECRET: DEMO_USER.secretKey }
  const run = async (url: string) => {
    const host = fakeHost({ args: ['--url', simulator.url, '--fleet-redis-url', url], env })
    return { code: await check.run(host), text: host.stdout.text }
  }
  const { code, text } = await run(fake.url)
  t.equal(code, 0)
  t.match(text, /\n✓ extend {10}ok\n✓ fleet {11}default\n✓ Redis {11}127\.0\.0\.1:\d+, without TLS\n✓ Redis login /)
  await until(() => fake.connections() === 0)
  t.match(await run('redis://127.0.0.1:1'), { code: 1, text: /\n✗ Redis {11}Redis refuses connections: check/ })
})

t.test('there is nothing to try without a fleet', async t => {
  t.same(await checkStore(null), {})
})

t.test('all is good, in clear and with TLS, with IPv6, sentinels or a cluster', async t => {
  const ca = await makeCa()
  const secure = await startFakeRedis(t, healthy, await issue(ca, { names: ['127.0.0.1'] }))
  const plain = await startFakeRedis(t)
  const sentinel = await startFakeRedis(t, command =>
    command[0] === 'SENTINEL' ? ['127.0.0.1', `${plain.port}`] : healthy(command),
  )
  const cluster = await startFakeRedis(t, command =>
    command[0] === 'CLUSTER' ? [[0, 16_383, ['127.0.0.1', plain.port, 'id']]] : healthy(command),
  )
  const rows = [
    [redisConfig(plain.url), GOOD.Redis],
    [redisConfig(secure.url, { authorities: ca.cert }), /^✓ 127\.0\.0\.1:\d+, verified by TLS$/],
    [
      redisConfig(`redis-sentinel://127.0.0.1:${sentinel.port},[::1]:1/main`),
      /:\d+, \[::1\]:1 \(sentinel, master main\),/,
    ],
    [redisConfig(`redis-cluster://127.0.0.1:${cluster.port}`), /:\d+ \(cluster\), without TLS$/],
  ] as const
  for (const [redis, Redis] of rows) t.match(await checkStore(redis), { ...GOOD, Redis })
})

t.test('what a server rejects is named, with the cure', async t => {
  const permission =
    /^✗ the user lacks a permission; run ACL SETUSER prismacloud-proxy on >PASSWORD .*, and set fleet\.redisUsername$/
  const rows: [errors: Record<string, string>, label: string, text: string | RegExp][] = [
    [{ HELLO: 'NOAUTH' }, 'Redis login', /^✗ Redis requires a password: set/],
    [{ HELLO: 'ERR unknown command `HELLO`' }, 'Redis', /^✗ Redis is too old, or no Redis/],
    [{ EVALSHA: 'NOPERM' }, 'Redis scripts', permission],
    [
      { EVALSHA: "ERR unknown command 'EVALSHA'", EVAL: "ERR unknown command 'EVAL'" },
      'Redis scripts',
      /^✗ the server does not allow scripts/,
    ],
    [{ EVALSHA: "READONLY You can't write" }, 'Redis scripts', /^✗ this Redis is a read-only replica/],
    [{ SUBSCRIBE: 'NOPERM' }, 'Redis messages', permission],
    [{ PING: 'NOPERM' }, 'Redis messages', permission],
    [{ INFO: 'NOPERM' }, 'Redis memory', '- the user may not run INFO, so it is not known whether keys are evicted'],
  ]
  for (const [errors, label, text] of rows) {
    const fake = await startFakeRedis(t, failing(errors))
    t.match((await checkStore(redisConfig(fake.url)))[label], text)
  }
})

t.test('the commands that a user may not run are listed, with the line for that user', async t => {
  const fake = await startFakeRedis(t, command => (command[0] === 'EVALSHA' ? ['set', 'hset'] : healthy(command)))
  const found = await checkStore(redisConfig(fake.url, { username: 'proxy', password: 'secret' }))
  t.match(found['Redis scripts'], /^✗ the user may not run set, hset; run ACL SETUSER proxy on >PASSWORD .* \+publish$/)
  t.match(found['Redis login'], '✓ as user proxy')
  t.notMatch(JSON.stringify(found), /secret/)
})

t.test('a server that stands still is given up', async t => {
  const clock = testClock()
  const fake = await startFakeRedis(t, () => undefined)
  const found = checkStore(redisConfig(fake.url), clock)
  await until(() => fake.commands.length === 2)
  await clock.advance(5001)
  t.match(await found, { Redis: /^✗ Redis does not respond in time/, 'Redis memory': '- not tried, needs Redis login' })
  await until(() => fake.connections() === 0)
})

t.test('a server is judged by its version and role', async t => {
  const rows: [server: string, version: string, role: string, mark: string, text: RegExp][] = [
    ['redis', '6.2.0', 'master', 'good', /^redis 6\.2\.0$/],
    ['redis', '8.0.1', 'master', 'good', /^redis 8\.0\.1$/],
    [
      'redis',
      '6.0.16',
      'master',
      'bad',
      /^redis 6\.0\.16 is too old; use Redis 6\.2 or newer, or Valkey 7\.2 or newer$/,
    ],
    ['redis', '5.0.0', 'master', 'bad', /too old/],
    ['valkey', '7.2.5', 'master', 'good', /^valkey 7\.2\.5$/],
    ['valkey', '7.1.0', 'master', 'bad', /too old/],
    ['other', '1.0.0', 'master', 'good', /^other 1\.0\.0$/],
    ['redis', '7.0.15', 'replica', 'bad', /a replica, which is read-only; name the primary/],
  ]
  for (const [server, version, role, mark, text] of rows)
    t.match(judgeServer({ server, version, role }).finding, { label: 'Redis version', mark, text })
  t.match(judgeServer(null).finding, { mark: 'good', text: 'Redis of unknown version' })
})

t.test('a server is judged by what it does when its memory is full', async t => {
  const rows: [info: string, mark: string, text: RegExp][] = [
    ['maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n', 'good', /^no limit/],
    ['maxmemory:100\r\nmaxmemory_policy:noeviction\r\n', 'good', /^no keys are evicted$/],
    [
      'maxmemory:100\r\nmaxmemory_policy:volatile-ttl\r\n',
      'warning',
      /^maxmemory-policy is volatile-ttl, .*; set it to noeviction/,
    ],
    ['', 'skipped', /^the server does not say, so it is not known whether keys are evicted$/],
  ]
  for (const [info, mark, text] of rows) t.match(judgeMemory(info).finding, { label: 'Redis memory', mark, text })
})
