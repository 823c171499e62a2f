import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { newFolder } from '../support/folder.ts'
import { type RunningCli, run, startCli } from '../support/process.ts'
import { until } from '../support/until.ts'

/** A Redis that is started again has another process than at first. */
const REDIS = /^redis {5}redis:\/\/127\.0\.0\.1:(\d+)/m

/** Starts the demo with a folder of its own for temporary files. */
function startDemo(t: Test, ...args: readonly string[]): { cli: RunningCli; folder: string } {
  const folder = newFolder(t)
  return { cli: startCli(t, ['demo', '--fleet', ...args], { TMPDIR: folder }), folder }
}

/** Nobody listens where the demo's programs did, none of them runs, and no file is left. */
async function assertEnded(t: Test, output: string, folder: string): Promise<void> {
  for (const [, pid] of output.matchAll(/\(process (\d+)\)$/gm)) await until(() => isGone(Number(pid)))
  const port = REDIS.exec(output)?.[1]
  await t.rejects(run('redis-cli', ['-p', `${port}`, 'PING']), { message: /Connection refused/ })
  t.same(readdirSync(folder), [])
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

t.test('three real proxies share a real Redis, and every step is as promised', async t => {
  const { cli, folder } = startDemo(t, '--once')
  t.equal(await cli.ended, 0, cli.output())
  const output = cli.output()
  t.equal(output.match(/^✓ /gm)?.length, 6)
  t.match(output, /\n {2}24 × 200 in /)
  t.match(output, /\n {2}down: Redis /)
  await assertEnded(t, output, folder)
})

t.test('Redis needs a password, which no argument shows', async t => {
  const { cli } = startDemo(t)
  await cli.until(/logins at the API: 1\n/)
  const [, port] = REDIS.exec(cli.output()) ?? []
  t.match((await run('redis-cli', ['-p', `${port}`, 'PING'])).stdout, /^NOAUTH /)
  const [, proxy] = /^proxy .*\(process (\d+)\)$/m.exec(cli.output()) ?? []
  const [, password] = /REDIS_PASSWORD=(\w+)/.exec(readFileSync(`/proc/${proxy}/environ`, 'utf8')) ?? []
  t.match(password, /^\w{48}$/)
  t.notMatch((await run('ps', ['-eo', 'args'])).stdout, password)
  t.notMatch(cli.output(), password)
  // what is killed at once cannot end what it has started
  cli.process.kill('SIGINT')
  await cli.ended
})

for (const [when, reached] of [
  ['during the tour', /logins at the API: 1\n/],
  ['after it', /go on serving/],
] as const) {
  t.test(`a signal ${when} ends all that the demo has started`, async t => {
    const { cli, folder } = startDemo(t)
    await cli.until(reached)
    cli.process.kill('SIGINT')
    t.equal(await cli.ended, when === 'after it' ? 0 : 'SIGINT')
    await assertEnded(t, cli.output(), folder)
  })
}
