import t, { type Test } from 'tap'
import { readRedisUrl } from '../../src/config/network/redis-url.ts'
import { PREFIX } from '../../src/fleet/prefix.ts'
import { aclLine } from '../../src/fleet/redis/acl.ts'
import { script } from '../../src/fleet/script.ts'
import { type RedisServer, startCluster, startRedis } from '../support/redis.ts'
import { connectStore, redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const KEY = `${PREFIX}key`
const CHANNEL = `${PREFIX}channel`

/** Every command that a script may run, on a new key. As all scripts it uses one key: several cannot be had while their slot moves. */
const EVERYTHING = script(
  'everything',
  `local key = KEYS[1]
redis.call('HSET', key, 'a', 1)
redis.call('HDEL', key, 'b')
redis.call('PEXPIRE', key, 60000)
local field = redis.call('HGET', key, 'a')
redis.call('SET', key, 'text', 'PX', 60000)
redis.call('PUBLISH', '${CHANNEL}', 'hello')
return { field, redis.call('GET', key) }`,
)

/** Limits the user `proxy` as `check` says. */
async function limit({ cli }: RedisServer, line: string) {
  t.equal(await cli(...line.replace('>PASSWORD', '>secret').split(' ')), 'OK')
}

const lineFor = (url: string) => aclLine({ url: readRedisUrl(url), username: 'proxy' })

const login = { username: 'proxy', password: 'secret' }

async function runEverything(t: Test, url: string) {
  const store = connectStore(t, redisConfig(url, login))
  await store.connected()
  const heard: string[] = []
  let keys = 0
  store.listen(CHANNEL, message => heard.push(message))
  await until(async () => {
    t.same(await store.run(EVERYTHING, [`${PREFIX}{x}${keys++}`], []), ['1', 'text'])
    return heard.length > 0
  })
  t.same(store.told, ['connected'])
}

t.test('the permissions that check prints are enough', async t => {
  const server = await startRedis(t)
  await limit(server, lineFor(`${server.url}/2`))
  await runEverything(t, `${server.url}/2`)
})

t.test('they are enough in a cluster, too, while a slot moves', async t => {
  const cluster = await startCluster(t)
  for (const server of cluster.servers) await limit(server, lineFor(cluster.url))
  await Promise.all([runEverything(t, cluster.url), cluster.moveSlotOf(`${PREFIX}{x}`)])
})

t.test('each of them is needed', async t => {
  const server = await startRedis(t)
  const line = lineFor(server.url)
  for (const right of ['+evalsha', '+subscribe', '+ping', '+time', '+hset', `~${PREFIX}*`, `&${PREFIX}*`]) {
    await limit(server, line)
    await limit(server, line.replace(` ${right}`, ''))
    const store = connectStore(t, redisConfig(server.url, login))
    store.listen(CHANNEL, () => undefined)
    // what lacks only the right to ping is lost at the first one
    t.match(await store.lost(), /^the user of Redis lacks a permission: prismacloud-proxy check says more/, right)
    await store.close()
  }
})

t.test('a user that was deleted is lost', async t => {
  const server = await startRedis(t)
  await limit(server, lineFor(server.url))
  const store = connectStore(t, redisConfig(server.url, login))
  await store.connected()
  await server.cli('ACL', 'DELUSER', 'proxy')
  t.match(await store.lost(), /^Redis (closed the connection|rejected the password)/)
  await limit(server, lineFor(server.url))
  await store.connected(2)
  await t.rejects(store.run(script('x', 'return 1'), [`other:${KEY}`], []), /NOPERM/)
})
