import t from 'tap'
import { PREFIX } from '../../src/fleet/prefix.ts'
import { script } from '../../src/fleet/script.ts'
import { startCluster } from '../support/redis.ts'
import { connectStore, redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const CHANNEL = `${PREFIX}channel`
const COUNT = script(
  'count',
  `redis.call('PUBLISH', '${CHANNEL}', KEYS[1]) return redis.call('HINCRBY', KEYS[1], 'n', 1)`,
)

/** Keys in many slots, so that each primary has some. */
const KEYS = Array.from({ length: 20 }, (_, index) => `${PREFIX}{${index}}`)

t.test('scripts run where their keys are, and messages of every node arrive', async t => {
  const cluster = await startCluster(t)
  const store = connectStore(t, redisConfig(cluster.url))
  const heard: string[] = []
  store.listen(CHANNEL, message => heard.push(message))
  await store.connected()
  for (const key of KEYS) t.equal(await store.run(COUNT, [key], []), 1)
  await until(() => heard.length === KEYS.length)
  t.same(heard.sort(), [...KEYS].sort())
  const owners = new Set(await Promise.all(KEYS.map(async key => (await cluster.ownerOf(key)).port)))
  t.equal(owners.size, 3)
  t.same(store.told, ['connected'])
})

t.test('slots that move under load lose nothing', async t => {
  const cluster = await startCluster(t)
  const store = connectStore(t, redisConfig(cluster.url))
  await store.connected()
  const [key = ''] = KEYS
  let [count, isMoving] = [0, true]
  const load = (async () => {
    while (isMoving) {
      count++
      t.equal(await store.run(COUNT, [key], []), count)
    }
  })()
  const before = (await cluster.ownerOf(key)).port
  await cluster.moveSlotOf(key)
  t.not((await cluster.ownerOf(key)).port, before)
  isMoving = false
  await load
  t.equal(await store.run(COUNT, [key], []), count + 1)
  t.same(store.told, ['connected'])
})

t.test('a primary that dies is replaced by its replica', async t => {
  const cluster = await startCluster(t)
  const store = connectStore(t, redisConfig(cluster.url))
  await store.connected()
  const [key = ''] = KEYS
  const owner = await cluster.ownerOf(key)
  await owner.kill()
  await store.lost()
  await store.connected(2)
  for (const key of KEYS) t.type(await store.run(COUNT, [key], []), 'number')
})

t.test('a cluster that is asked as a single server, and the reverse, is named', async t => {
  const cluster = await startCluster(t)
  const [first] = cluster.servers
  const single = connectStore(t, redisConfig(`${first?.url}`))
  const owner = await cluster.ownerOf(`${PREFIX}probe`)
  const other = cluster.servers.find(server => server !== owner)
  const wrong = owner === first ? connectStore(t, redisConfig(`${other?.url}`)) : single
  t.match(await wrong.lost(), /^this Redis is part of a cluster: begin fleet\.redisUrl with redis-cluster/)
})
