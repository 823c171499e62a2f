import t from 'tap'
import { PREFIX } from '../../src/fleet/prefix.ts'
import { script } from '../../src/fleet/script.ts'
import { testClock } from '../support/clock.ts'
import { type Answer, type FakeRedis, healthy, startFakeRedis } from '../support/fake-redis.ts'
import { connectStore, redisConfig } from '../support/store.ts'
import { until } from '../support/until.ts'

const ONE = script('one', 'return 1')
const CHANNEL = `${PREFIX}channel`
const WAIT = 2001

/** A sentinel that knows a primary as `main`. */
function sentinelFor(primary: () => FakeRedis): Answer {
  return command => {
    if (command[0] !== 'SENTINEL') return healthy(command)
    return command[2] === 'main' ? ['127.0.0.1', `${primary().port}`] : null
  }
}

const urlOf = (sentinels: readonly FakeRedis[], master = 'main') =>
  `redis-sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${master}`

t.test('the sentinels say where the primary is, and when another becomes it', async t => {
  const [first, second] = [await startFakeRedis(t), await startFakeRedis(t)]
  let primary = first
  const sentinel = await startFakeRedis(
    t,
    sentinelFor(() => primary),
  )
  const clock = testClock()
  const store = connectStore(t, redisConfig(urlOf([sentinel])), clock)
  await store.connected()
  await store.run(ONE, ['k'], [])
  t.same(first.commands.at(-1)?.[0], 'EVALSHA')
  t.same(
    sentinel.commands.map(([name]) => name),
    ['HELLO', 'HELLO', 'SENTINEL', 'SUBSCRIBE'],
  )
  await clock.advance(5001)
  await until(() => sentinel.commands.at(-1)?.[0] === 'PING' && first.commands.at(-1)?.[0] === 'PING')

  primary = second
  sentinel.publish('+switch-master', `other 127.0.0.1 1 127.0.0.1 2`)
  sentinel.publish('+switch-master', `main 127.0.0.1 ${first.port} 127.0.0.1 ${second.port}`)
  t.equal(await store.lost(), 'the sentinels have made another Redis primary')
  await clock.advance(WAIT)
  await store.connected(2)
  await store.run(ONE, ['k'], [])
  t.same(second.commands.at(-1)?.[0], 'EVALSHA')
  await until(() => first.connections() === 0)
})

t.test('one sentinel is enough; the others may be gone, silent or without the master', async t => {
  const primary = await startFakeRedis(t)
  const good = await startFakeRedis(
    t,
    sentinelFor(() => primary),
  )
  const silent = await startFakeRedis(t, () => undefined)
  const ignorant = await startFakeRedis(t, command => (command[0] === 'SENTINEL' ? null : healthy(command)))
  const url = urlOf([silent, ignorant, good]).replace('://', '://127.0.0.1:1,')
  const store = connectStore(t, redisConfig(url))
  await store.connected()
  await store.close()
  for (const each of [primary, good, ignorant, silent]) await until(() => each.connections() === 0)
  t.same(store.told, ['connected'])
})

t.test('of two sentinels that both know the primary, one is kept', async t => {
  const primary = await startFakeRedis(t)
  const sentinels = [
    await startFakeRedis(
      t,
      sentinelFor(() => primary),
    ),
    await startFakeRedis(
      t,
      sentinelFor(() => primary),
    ),
  ]
  const store = connectStore(t, redisConfig(urlOf(sentinels)))
  await store.connected()
  await until(() => sentinels.reduce((sum, each) => sum + each.connections(), 0) === 2)
  t.same(store.told, ['connected'])
  for (const each of sentinels) each.cut()
  t.match(await store.lost(), /^Redis closed the connection/, 'the kept one is needed')
})

t.test('the login is kept from a sentinel that does not ask for it', async t => {
  const primary = await startFakeRedis(t)
  const open = await startFakeRedis(
    t,
    sentinelFor(() => primary),
  )
  await connectStore(t, redisConfig(urlOf([open]), { password: 'secret' })).connected()
  t.notOk(open.commands.flat().includes('secret'))
  t.ok(primary.commands.flat().includes('secret'))
  const closed = await startFakeRedis(t, command =>
    command[0] === 'HELLO' && !command.includes('secret') ? new Error('NOAUTH') : sentinelFor(() => primary)(command),
  )
  await connectStore(t, redisConfig(urlOf([closed]), { password: 'secret' })).connected()
  t.ok(closed.commands.flat().includes('secret'))
})

t.test('a master that no sentinel knows is named', async t => {
  const sentinel = await startFakeRedis(
    t,
    sentinelFor(() => sentinel),
  )
  const store = connectStore(t, redisConfig(urlOf([sentinel], 'other')))
  t.equal(await store.lost(), 'the sentinels know no master named "other": correct its name in fleet.redisUrl')
})

/** A cluster of one node that has every slot. */
function clusterOf(node: () => FakeRedis): Answer {
  return command => {
    if (command[0] !== 'CLUSTER') return healthy(command)
    return [[0, 16_383, ['127.0.0.1', node().port, 'id']]]
  }
}

t.test('a cluster is asked where its slots are', async t => {
  const fake: FakeRedis = await startFakeRedis(
    t,
    clusterOf(() => fake),
  )
  const clock = testClock()
  const store = connectStore(t, redisConfig(fake.url.replace('redis', 'redis-cluster')), clock)
  const heard: string[] = []
  store.listen(CHANNEL, message => heard.push(message))
  await store.connected()
  t.equal(await store.run(ONE, ['k'], []), 1)
  t.equal(await store.run(ONE, [], []), 1)
  fake.publish(CHANNEL, 'hello')
  await until(() => heard.length === 1)
  await clock.advance(5001)
  await until(() => fake.commands.filter(([name]) => name === 'PING').length === 2)
  t.same([...new Set(fake.commands.map(([name]) => name))].sort(), ['CLUSTER', 'EVALSHA', 'HELLO', 'PING', 'SUBSCRIBE'])
  fake.cut()
  t.match(await store.lost(), /^Redis closed the connection/)
  await clock.advance(WAIT)
  await store.connected(2)
  await store.close()
  await until(() => fake.connections() === 0)
})

t.test('a cluster of which no node can be reached is named', async t => {
  const store = connectStore(t, redisConfig('redis-cluster://127.0.0.1:1'))
  t.match(await store.lost(), /^Redis refuses connections/)
})
