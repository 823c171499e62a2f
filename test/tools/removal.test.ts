import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import t from 'tap'
import { startFleet } from '../support/fleet.ts'
import { newFolder } from '../support/folder.ts'
import { codeIn, sectionOf } from '../support/markdown.ts'
import { run, startCli } from '../support/process.ts'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const README = readFileSync(resolve(import.meta.dirname, '../../config/README.md'), 'utf8')
const REMOVAL = 'Remove it completely'

/** What removes the keys of a fleet. */
const [, KEYS = ''] = codeIn(README, REMOVAL, 'sh')

/** What removes the local CA from a keystore of Java. */
const KEYTOOL = /`(keytool -delete [^`]+)`/.exec(sectionOf(README, REMOVAL))?.[1] ?? ''

t.test('the line for Redis removes all keys of a fleet, and no others', async t => {
  const redis = await startRedis(t)
  await redis.cli('SET', 'of-others', '1')
  const { members } = await startFleet(t, redis.url, { count: 1 })
  await until(async () => (await redis.cli('KEYS', 'prismacloud-proxy:*')).split('\n').length > 1)
  for (const { cli } of members) {
    cli.process.kill('SIGTERM')
    await cli.ended
  }
  for (const key of (await redis.cli('KEYS', 'prismacloud-proxy:*')).split('\n')) {
    const left = Number(await redis.cli('PTTL', key))
    t.ok(left === -2 || (left > 0 && left < 2 * 3_600_000), `${key} expires within two hours`)
  }
  await run('sh', ['-c', KEYS.replaceAll('redis-cli', `redis-cli -p ${redis.port}`)])
  t.equal(await redis.cli('KEYS', '*'), 'of-others')
})

t.test('the line for Java removes what the line of the command ca adds', async t => {
  const folder = newFolder(t)
  const ca = startCli(t, ['ca'], { XDG_STATE_HOME: folder })
  t.equal(await ca.ended, 0)
  const add = /keytool -importcert .*/.exec(ca.output())?.[0] ?? ''
  const list = 'keytool -list -keystore trust.p12 -storepass changeit'
  const keytool = (line: string) => run('sh', ['-c', `cd "${folder}"; ${line}`], { HOME: folder })
  await keytool(add)
  t.match((await keytool(list)).stdout, 'prismacloud-proxy,')
  await keytool(KEYTOOL)
  t.notMatch((await keytool(list)).stdout, 'prismacloud-proxy,')
})
