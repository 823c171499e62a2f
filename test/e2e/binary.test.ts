import { chmodSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { run, startCli } from '../support/process.ts'
import { credentials, startSimulatorProcess } from '../support/stack.ts'

const ROOT = resolve(import.meta.dirname, '../..')

t.test('npm can install the binary as a command of its own', async t => {
  const { bin, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const command = join(t.testdir({}), 'prismacloud-proxy')
  // as npm does it: a link to the file, which is made executable
  chmodSync(join(ROOT, bin['prismacloud-proxy']), 0o755)
  symlinkSync(join(ROOT, bin['prismacloud-proxy']), command)
  const { stdout } = await run(command, ['--version'])
  t.equal(stdout, `${version}\n`)
})

t.test('it can write its log for people', async t => {
  const simulator = await startSimulatorProcess(t, 600)
  const cli = startCli(t, ['--listen-address', '127.0.0.1:0'], {
    ...credentials(simulator),
    PRISMACLOUD_PROXY_LOG_FORMAT: 'pretty',
  })
  await cli.until(/^\[\d\d:\d\d:\d\d\] INFO: ready in \d+ ms$/m)
})
