import t from 'tap'
import { PREFIX } from '../../src/fleet/prefix.ts'
import { script } from '../../src/fleet/script.ts'
import { startSentinel } from '../support/redis.ts'
import { connectStore, redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const KEY = `${PREFIX}key`
const CHANNEL = `${PREFIX}channel`
const COUNT = script(
  'count',
  `redis.call('PUBLISH', '${CHANNEL}', 'counted') return redis.call('HINCRBY', KEYS[1], 'n', 1)`,
)

t.test('a failover is followed', async t => {
  const rig = await startSentinel(t)
  const store = connectStore(t, redisConfig(rig.url))
  const heard: string[] = []
  store.listen(CHANNEL, message => heard.push(message))
  await store.connected()
  t.equal(await store.run(COUNT, [KEY], []), 1)
  await until(() => heard.length === 1)

  const [first] = rig.servers
  t.equal(await rig.primary(), first.port)
  await first.kill()
  await store.lost()
  await store.connected(2)
  t.not(await rig.primary(), first.port)
  t.equal(await store.run(COUNT, [KEY], []), 2, 'the replica had it')
  await until(() => heard.length === 2)
})

t.test('a primary that is demoted is left', async t => {
  const rig = await startSentinel(t)
  const store = connectStore(t, redisConfig(rig.url))
  await store.connected()
  const before = await rig.primary()
  await rig.failOver()
  await until(async () => (await rig.primary()) !== before)
  await store.connected(2)
  t.type(await store.run(COUNT, [KEY], []), 'number')
})

t.test('sentinels that do not know the primary, or do not respond, are named', async t => {
  const rig = await startSentinel(t)
  const unknown = connectStore(t, redisConfig(rig.url.replace('/main', '/other')))
  t.equal(await unknown.lost(), 'the sentinels know no master named "other": correct its name in fleet.redisUrl')
  const dead = connectStore(t, redisConfig('redis-sentinel://127.0.0.1:1/main'))
  t.match(await dead.lost(), /^Redis refuses connections/)
  const partly = rig.url.replace('://', '://127.0.0.1:1,')
  await connectStore(t, redisConfig(partly)).connected()
})
