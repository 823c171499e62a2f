// The data of a fleet moves to another server while three proxies serve clients.
import t from 'tap'
import { startFleet } from '../support/fleet.ts'
import { startCluster, startSentinel } from '../support/redis.ts'
import { until } from '../support/until.ts'

t.test('no client notices that sentinels fail over', async t => {
  const rig = await startSentinel(t)
  const fleet = await startFleet(t, rig.url)
  const stop = fleet.load()
  const [first] = rig.servers
  await first.kill()
  await fleet.are('down')
  await until(async () => (await rig.primary()) !== first.port)
  await fleet.are('up')
  await fleet.share()
  t.same(await stop(), [])
})

t.test('no client notices that the slots of a cluster move', async t => {
  const cluster = await startCluster(t)
  const fleet = await startFleet(t, cluster.url)
  const stop = fleet.load()
  const keys = (await Promise.all(cluster.servers.map(({ cli }) => cli('KEYS', 'prismacloud-proxy:*'))))
    .flatMap(lines => lines.split('\n'))
    .filter(Boolean)
  t.ok(keys.length > 0)
  for (const key of new Set(keys)) await cluster.moveSlotOf(key)
  await fleet.are('up')
  await fleet.share()
  t.same(await stop(), [])
})
