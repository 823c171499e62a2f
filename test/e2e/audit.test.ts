import { existsSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { callUrl } from '../support/http.ts'
import { startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

t.test('the file of the audit can be moved away and opened anew', async t => {
  const file = join(t.testdir(), 'audit.log')
  const { proxy, cli } = await startStack(t, 600, { PRISMACLOUD_PROXY_AUDIT_FILE: file })
  await callUrl(`${proxy}/v2/policy`)
  await until(() => linesOf(file).length === 1)
  t.equal(statSync(file).mode & 0o777, 0o600)
  renameSync(file, `${file}.1`)
  await callUrl(`${proxy}/cloud`)
  cli.process.kill('SIGUSR2')
  await until(() => existsSync(file))
  await callUrl(`${proxy}/policy`)
  await until(() => linesOf(file).length === 1)
  t.match(linesOf(`${file}.1`), [/"path":"\/v2\/policy"/, /"path":"\/cloud"/])
  t.match(linesOf(file), [/"path":"\/policy"/])
  await callUrl(`${proxy}/v2/alert`)
  cli.process.kill('SIGTERM')
  t.equal(await cli.ended, 0)
  t.equal(linesOf(file).length, 2, 'what was gathered is written at the end')
})

t.test('a file that cannot be written is told at start', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const file = join(t.testdir(), 'no', 'audit.log')
  const cli = startCli(t, ['start'], { ...credentials(simulator), PRISMACLOUD_PROXY_AUDIT_FILE: file })
  t.equal(await cli.ended, 1)
  t.match(cli.output(), /^audit\.file: \S+ cannot be written \(ENOENT\): name a file in a folder/)
})
