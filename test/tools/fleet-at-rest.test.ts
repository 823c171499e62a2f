// Whoever reads all that is in Redis, or passes through it, learns nothing of a tenant.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Secret } from '../../src/kernel/secret.ts'
import { FREE, PACED, startFleet, USER } from '../support/fleet.ts'
import { newFolder } from '../support/folder.ts'
import { follow, run, spawnBare } from '../support/process.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const TENANT = `${USER.tenants[0]?.customerName}`

t.test('no name, key or token is in Redis, in any encoding', async t => {
  const redis = await startRedis(t, { lines: ['appendonly yes', 'appendfsync always'] })
  const listen = (...command: string[]) =>
    follow(t, spawnBare('redis-cli', ['-h', redis.host, '-p', `${redis.port}`, ...command]))
  const [monitor, news] = [listen('MONITOR'), listen('PSUBSCRIBE', '*')]
  await Promise.all([monitor.until(/OK/), news.until(/psubscribe/)])
  const fleet = await startFleet(t, redis.url, {
    env: { PRISMACLOUD_PROXY_TENANTS_DEFAULT_CUSTOMER_NAME: TENANT },
  })
  const stop = fleet.load()
  await fleet.share()
  const { extensions } = fleet.simulator.counts
  await until(() => fleet.simulator.counts.extensions > extensions + 1)
  await stop()

  const dump = join(newFolder(t), 'dump.rdb')
  await run('redis-cli', ['-h', redis.host, '-p', `${redis.port}`, '--rdb', dump])
  const folder = join(redis.folder, 'appendonlydir')
  const [, manifest = ''] = (await redis.cli('CONFIG', 'GET', 'appendfilename')).split('\n')
  const log = readFileSync(join(folder, `${manifest}.1.incr.aof`), 'latin1')
  const seen = {
    monitor: monitor.output(),
    news: news.output(),
    dump: readFileSync(dump, 'latin1'),
    log,
  }
  const tokens = fleet.simulator.requests.flatMap(({ headers }) =>
    headers.filter(([name]) => name.toLowerCase() === 'x-redlock-auth').map(([, token]) => token),
  )
  const secrets = [...new Set([TENANT, USER.accessKeyId, USER.secretKey, ...tokens])]
  t.ok(secrets.length > 4, 'several tokens were used')
  for (const [where, text] of Object.entries(seen)) {
    t.match(text, /prismacloud-proxy:/, `the fleet is in the ${where}`)
    for (const [at, secret] of secrets.entries())
      t.notOk(new Secret(secret).finder()(text), `secret ${at} in the ${where}`)
  }
  t.ok(new Secret(TENANT).finder()(`${PACED}${FREE} ${Buffer.from(TENANT).toString('base64')}`), 'it would be found')
})
