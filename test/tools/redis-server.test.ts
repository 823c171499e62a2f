import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readSecretFile } from '../../src/config/tenants/credential-files.ts'
import { PREFIX } from '../../src/fleet/prefix.ts'
import { explainStoreError } from '../../src/fleet/redis/explain.ts'
import { script } from '../../src/fleet/script.ts'
import { Secret } from '../../src/kernel/secret.ts'
import { newFolder } from '../support/folder.ts'
import { issue, makeCa } from '../support/pki.ts'
import { type RedisOptions, startRedis } from '../support/redis.ts'
import { connectStore, redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const KEY = `${PREFIX}key`
const CHANNEL = `${PREFIX}channel`

const COUNT = script('count', "return redis.call('HINCRBY', KEYS[1], 'n', ARGV[1])")
const SAY = script('say', `return redis.call('PUBLISH', '${CHANNEL}', ARGV[1])`)

/** A server and a connection to it. */
async function startPair(t: Test, options: RedisOptions = {}) {
  const server = await startRedis(t, options)
  const store = connectStore(t, redisConfig(server.url))
  await store.connected()
  return { server, store, count: (by = '1') => store.run(COUNT, [KEY], [by]) }
}

t.test('scripts run and messages arrive', async t => {
  const { server, store, count } = await startPair(t)
  t.equal(await count('2'), 2)
  t.equal(await count('3'), 5)
  const heard: string[] = []
  store.listen(CHANNEL, message => heard.push(message))
  await until(async () => (await server.cli('PUBSUB', 'CHANNELS')) === CHANNEL)
  await store.run(SAY, [KEY], ['hello'])
  await until(() => heard.length > 0)
  t.same(heard, ['hello'])
  t.same(store.told, ['connected'])
})

t.test('a script that the server has forgotten is sent again', async t => {
  const { server, count } = await startPair(t)
  await count()
  await server.cli('SCRIPT', 'FLUSH')
  t.equal(await count(), 2)
})

t.test('a server that comes back empty is used again, and its messages are heard', async t => {
  const { server, store, count } = await startPair(t)
  const heard: string[] = []
  store.listen(CHANNEL, message => heard.push(message))
  await count()
  await server.kill()
  t.match(await store.lost(), /^Redis (closed the connection|refuses connections): check/)
  await t.rejects(count(), { message: 'there is no connection to Redis' })
  await server.restart()
  await store.connected(2)
  t.equal(await count(), 1)
  await store.run(SAY, [KEY], ['again'])
  await until(() => heard.length > 0)
  t.same(heard, ['again'])
})

t.test('a server that stands still is noticed, with a script or without', async t => {
  for (const isBusy of [true, false]) {
    const { server, store, count } = await startPair(t)
    server.freeze()
    const running = isBusy ? count().catch((error: Error) => error) : undefined
    t.match(await store.lost(), /^Redis does not respond in time: check/)
    server.thaw()
    if (isBusy)
      t.match(explainStoreError(await running), /^Redis does not respond in time/, 'what was sent is given up')
    await store.connected(2)
    t.type(await count(), 'number')
  }
})

t.test('a paused server is no failure if it goes on in time', async t => {
  const { server, store, count } = await startPair(t)
  await server.cli('CLIENT', 'PAUSE', '300', 'ALL')
  t.equal(await count(), 1)
  await server.cli('DEBUG', 'SLEEP', '0.3')
  t.equal(await count(), 2)
  t.same(store.told, ['connected'])
})

t.test('the password is read again, and a changed one heals by itself', async t => {
  const server = await startRedis(t, { password: 'one' })
  const file = join(newFolder(t), 'password')
  writeFileSync(file, 'other')
  const store = connectStore(t, redisConfig(server.url, { readPassword: () => readSecretFile(file) }))
  t.match(await store.lost(), /^Redis rejected the password: check fleet\.redisUsername, and/)
  writeFileSync(file, 'one')
  await store.connected()
  const bare = connectStore(t, redisConfig(server.url))
  t.match(await bare.lost(), /^Redis requires a password/)
})

t.test('a password that is not needed is accepted', async t => {
  const server = await startRedis(t)
  await connectStore(t, redisConfig(server.url, { password: 'needless' })).connected()
})

t.test('TLS is verified, and a client certificate shown', async t => {
  const [ca, other] = [await makeCa(), await makeCa('CN=Other CA')]
  const server = await startRedis(t, { tls: { ca, clients: true } })
  const { cert, key } = await issue(ca, { names: ['proxy'] })
  const identity = { cert, key: new Secret(key) }
  await connectStore(t, redisConfig(server.url, { authorities: ca.cert, identity })).connected()
  const rows: [store: ReturnType<typeof redisConfig>, reason: RegExp][] = [
    [redisConfig(server.url, { authorities: ca.cert }), /client certificate \(fleet\.redisCertFile\)/],
    [redisConfig(server.url, { authorities: other.cert, identity }), /^the certificate of Redis is not trusted/],
    [redisConfig(server.url, { identity }), /^the certificate of Redis is not trusted/],
    [redisConfig(server.url.replace('rediss', 'redis')), /^Redis closed the connection: .* begins with rediss/],
  ]
  for (const [redis, reason] of rows) t.match(await connectStore(t, redis).lost(), reason)
  const plain = await startRedis(t)
  const mistaken = redisConfig(plain.url.replace('redis', 'rediss'))
  t.match(await connectStore(t, mistaken).lost(), /expects TLS|does not respond|closed the connection/)
})

t.test('a server that cannot write is lost until it can', async t => {
  const { server, store, count } = await startPair(t)
  const faults: [break_: string[], heal: string[], reason: RegExp][] = [
    [['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], /^Redis has no memory left/],
    [['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], /^this Redis is a read-only replica/],
    [
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      /^Redis accepts no writes because it has too few replicas/,
    ],
  ]
  for (const [index, [breaking, healing, reason]] of faults.entries()) {
    await server.cli(...breaking)
    await t.rejects(count())
    t.match(await store.lost(), reason)
    await server.cli(...healing)
    await store.connected(index + 2)
    t.type(await count(), 'number')
  }
})

t.test('a server without scripts is named', async t => {
  const lines = ['rename-command EVAL ""', 'rename-command EVALSHA ""', 'rename-command SCRIPT ""']
  const server = await startRedis(t, { lines })
  t.match(await connectStore(t, redisConfig(server.url)).lost(), /^the server does not allow scripts/)
  const partly = await startRedis(t, { lines: ['rename-command EVALSHA ""'] })
  const store = connectStore(t, redisConfig(partly.url))
  await store.connected()
  t.equal(await store.run(COUNT, [KEY], ['1']), 1, 'EVAL is enough')
})

t.test('another database is used', async t => {
  const server = await startRedis(t)
  const store = connectStore(t, redisConfig(`${server.url}/3`))
  await store.connected()
  await store.run(COUNT, [KEY], ['1'])
  t.equal(await server.cli('-n', '3', 'EXISTS', KEY), '1')
  t.match(await connectStore(t, redisConfig(`${server.url}/99`)).lost(), /^Redis has no database of this number/)
})
