import t, { type Test } from 'tap'
import type { RedisConfig } from '../../src/config/config.ts'
import { aclLine } from '../../src/fleet/redis/acl.ts'
import { checkStore } from '../support/check-store.ts'
import { makeCa } from '../support/pki.ts'
import { startCluster, startRedis, startSentinel } from '../support/redis.ts'
import { redisConfig } from '../support/store.ts'

const SKIPPED = '- not tried, needs Redis'

t.test('all is good with one server, sentinels and a cluster', async t => {
  const rest = {
    fleet: '✓ default',
    'Redis login': '✓ as user default',
    'Redis version': /^✓ (redis|valkey) \d+\.\d+/,
    'Redis scripts': '✓ can run',
    'Redis messages': '✓ can be heard',
    'Redis memory': '✓ no limit, so no keys are evicted',
  }
  const ca = await makeCa()
  const [plain, secure] = [await startRedis(t), await startRedis(t, { tls: { ca, clients: false } })]
  const [sentinel, cluster] = [await startSentinel(t), await startCluster(t)]
  const rows: [redis: RedisConfig, text: RegExp][] = [
    [redisConfig(plain.url), /^✓ 127\.0\.0\.1:\d+, without TLS$/],
    [redisConfig(secure.url, { authorities: ca.cert }), /^✓ 127\.0\.0\.1:\d+, verified by TLS$/],
    [redisConfig(sentinel.url), /^✓ 127\.0\.0\.1:\d+ \(sentinel, master main\), without TLS$/],
    [redisConfig(cluster.url), /^✓ (127\.0\.0\.1:\d+, ){5}127\.0\.0\.1:\d+ \(cluster\), without TLS$/],
  ]
  for (const [redis, Redis] of rows) t.match(await checkStore(redis), { ...rest, Redis })
  t.equal(await plain.cli('KEYS', '*'), '', 'it leaves nothing behind')
})

t.test('a server that cannot be reached or verified is named, and nothing else is tried', async t => {
  const server = await startRedis(t, { tls: { ca: await makeCa(), clients: false } })
  for (const [url, text] of [
    ['redis://127.0.0.1:1', /^✗ Redis refuses connections: check the host and port/],
    [server.url, /^✗ the certificate of Redis is not trusted: name its CA/],
  ] as const)
    t.match(await checkStore(redisConfig(url)), { Redis: text, 'Redis login': SKIPPED, 'Redis memory': /^- not tried/ })
})

t.test('a login that fails is told from a connection that fails', async t => {
  const server = await startRedis(t, { password: 'secret' })
  t.match(await checkStore(redisConfig(server.url)), {
    Redis: /^✓/,
    'Redis login': /^✗ Redis requires a password: set/,
  })
  t.match(await checkStore(redisConfig(server.url, { password: 'hunter2' })), {
    Redis: /^✓/,
    'Redis login': /^✗ Redis rejected the password: check/,
    'Redis version': '- not tried, needs Redis login',
  })
})

const login = { username: 'proxy', password: 'secret' }

async function startLimited(t: Test, change: (line: string) => string) {
  const server = await startRedis(t)
  const redis = redisConfig(server.url, login)
  await server.cli(...change(aclLine(redis)).replace('>PASSWORD', '>secret').split(' '))
  return { server, redis, line: aclLine(redis) }
}

t.test('a user without the permissions gets the line that grants them', async t => {
  const rows: [change: (line: string) => string, label: string, text: string][] = [
    [line => line.replace(' +hset', '').replace(' +set', ''), 'Redis scripts', 'the user may not run set, hset; run '],
    [line => line.replace(' +evalsha', ''), 'Redis scripts', 'the user lacks a permission; run '],
    [line => line.replace(' +time', ''), 'Redis scripts', 'the user lacks a permission; run '],
    [line => line.replace('~prismacloud-proxy:*', '~other:*'), 'Redis scripts', 'the user lacks a permission; run '],
    [line => line.replace(' &prismacloud-proxy:*', ''), 'Redis scripts', 'the user may not run publish; run '],
    [line => line.replace(' +subscribe', ''), 'Redis messages', 'the user lacks a permission; run '],
  ]
  for (const [change, label, text] of rows) {
    const { redis, line } = await startLimited(t, change)
    const found = await checkStore(redis)
    t.equal(found[label], `✗ ${text}${line}`, label)
    t.match(found['Redis login'], '✓ as user proxy')
  }
  const { redis, server, line } = await startLimited(t, line => line)
  t.match(await checkStore(redis), {
    'Redis scripts': '✓ can run',
    'Redis messages': '✓ can be heard',
    'Redis memory': '- the user may not run INFO, so it is not known whether keys are evicted',
  })
  await server.cli('ACL', 'SETUSER', 'default', '-evalsha')
  t.equal(
    (await checkStore(redisConfig(server.url)))['Redis scripts'],
    `✗ the user lacks a permission; run ${line.replace('proxy', 'prismacloud-proxy')}, and set fleet.redisUsername`,
  )
})

t.test('a server that forbids scripts, evicts keys, is full or a replica is named', async t => {
  const lines = ['rename-command EVAL ""', 'rename-command EVALSHA ""']
  const bare = await startRedis(t, { lines })
  t.match(await checkStore(redisConfig(bare.url)), { 'Redis scripts': /^✗ the server does not allow scripts/ })

  const server = await startRedis(t)
  await server.cli('CONFIG', 'SET', 'maxmemory', '100mb')
  t.match(await checkStore(redisConfig(server.url)), { 'Redis memory': '✓ no keys are evicted' })
  await server.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  t.match(await checkStore(redisConfig(server.url)), {
    'Redis memory':
      '! maxmemory-policy is allkeys-lru, so keys of the fleet may be evicted; set it to noeviction, or use another Redis',
  })
  await server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1')
  t.match(await checkStore(redisConfig(server.url)), { 'Redis scripts': /^✗ Redis has no memory left/ })

  const replica = await startRedis(t, { replicaOf: server })
  t.match(await checkStore(redisConfig(replica.url)), {
    'Redis version': /^✗ .*, but a replica, which is read-only; name/,
  })
})
